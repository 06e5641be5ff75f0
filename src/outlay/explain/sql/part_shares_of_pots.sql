-- shares_of_pots: some allocated shares of pots that were split by what was measured over one span.
-- grain:   one row per pot and attribution
-- reads:   share, pot
-- returns: pool, share_day (the day that was measured) and the attribution
-- $shown: which ones: pot and attribution, as evidence writes them, empty for all; usage is looked at once for each
SELECT
  s.pool AS pool, COALESCE(q.driver_day, s."day") AS share_day, s.feature AS feature, s.customer AS customer, s.team AS team, s."user" AS "user",
  s.environment AS environment, s.service AS service, s."release" AS "release", s.model AS model
FROM share AS s
LEFT JOIN pot AS q ON q.run = s.run AND q.rule = s.rule AND q.pool = s.pool
WHERE s.run = $run AND s.rule = $rule AND s.state = 'allocated' AND COALESCE(q.whole_month, $whole_month) = $whole_month AND $pools LIKE '%,' || CAST(s.pool AS VARCHAR) || ',%'
  AND ($shown = '' OR POSITION('␟' || CAST(s.pool AS VARCHAR) || '␞' || COALESCE(s.feature, '') || '␞' || COALESCE(s.customer, '') || '␞' || COALESCE(s.team, '')
    || '␞' || COALESCE(s."user", '') || '␞' || COALESCE(s.environment, '') || '␞' || COALESCE(s.service, '') || '␞' || COALESCE(s."release", '')
    || '␞' || COALESCE(s.model, '') || '␟' IN $shown) > 0)
