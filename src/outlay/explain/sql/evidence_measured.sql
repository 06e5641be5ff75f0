-- evidence_measured: the rolled-up usage behind the driver of some pools' shares.
-- grain:   one row per share and row of rollup_day
-- reads:   share, pot, pool, rollup_day
-- returns: pool and to_<dimension>, which name the share; the row's dimensions and measures; weight: what it adds to the
--          share's weight
-- law:     the weights of a share's rows sum to its weight exactly
-- $in_*, $to_*, $drop_*, $driver, $unit, $whole_month: as in allocate/driver_usage; $pools: numbers of pots between commas
WITH wanted AS (
  SELECT
    s.pool AS pool, COALESCE(q.driver_day, s."day") AS share_day, s.feature AS feature, s.customer AS customer, s.team AS team, s."user" AS "user",
    s.environment AS environment, s.service AS service, s."release" AS "release", s.model AS model
  FROM share AS s
  LEFT JOIN pot AS q ON q.run = s.run AND q.rule = s.rule AND q.pool = s.pool
  WHERE s.run = $run AND s.rule = $rule AND s.state = 'allocated' AND COALESCE(q.whole_month, $whole_month) = $whole_month AND $pools LIKE '%,' || CAST(s.pool AS VARCHAR) || ',%'
)
SELECT
  s.pool AS pool, s.feature AS to_feature, s.customer AS to_customer, s.team AS to_team, s."user" AS to_user,
  s.environment AS to_environment, s.service AS to_service, s."release" AS to_release, s.model AS to_model,
  u."day" AS "day", u.provider AS provider, u.model AS model, u.operation AS operation, u.feature AS feature,
  u.customer AS customer, u.team AS team, u."user" AS "user", u.environment AS environment, u.service AS service,
  u."release" AS "release", u.state AS state, u.error AS error, u.unit AS unit, u.currency AS currency,
  u.calls AS calls, u.attempts AS attempts, u.tokens AS tokens, u.duration_ms AS duration_ms, u.quantity AS quantity,
  u.estimated_cost AS estimated_cost,
  CAST(CASE
    WHEN $driver = 'calls' THEN toInt256(u.calls) * 1000
    WHEN $driver = 'attempts' THEN toInt256(u.attempts) * 1000
    WHEN $driver = 'tokens' THEN toInt256(u.tokens) * 1000
    WHEN $driver = 'duration_ms' THEN toInt256(u.duration_ms)
    WHEN $driver = 'estimated_cost' THEN intDiv(toInt256(u.estimated_cost * 1000000000000), 1000)
    WHEN u.unit = $unit THEN intDiv(toInt256(u.quantity * 1000000000000000), 1000000000000)
    ELSE toInt256(0) END AS BIGINT) AS weight
FROM wanted AS s
JOIN pool AS p ON p.run = $run AND p.pool = s.pool
JOIN rollup_day AS u ON u.run = p.run
WHERE ($whole_month = 1 OR u."day" = s.share_day)
    AND ($in_provider = 0 OR lower(COALESCE(u.provider, '')) = lower(COALESCE(p.known_provider, '')))
    AND ($in_feature = 0 OR lower(COALESCE(u.feature, '')) = lower(COALESCE(p.feature, '')))
    AND ($in_customer = 0 OR lower(COALESCE(u.customer, '')) = lower(COALESCE(p.customer, '')))
    AND ($in_team = 0 OR lower(COALESCE(u.team, '')) = lower(COALESCE(p.team, '')))
    AND ($in_user = 0 OR lower(COALESCE(u."user", '')) = lower(COALESCE(p."user", '')))
    AND ($in_environment = 0 OR lower(COALESCE(u.environment, '')) = lower(COALESCE(p.environment, '')))
    AND ($in_service = 0 OR lower(COALESCE(u.service, '')) = lower(COALESCE(p.service, '')))
    AND ($in_release = 0 OR lower(COALESCE(u."release", '')) = lower(COALESCE(p."release", '')))
    AND ($in_model = 0 OR lower(COALESCE(u.model, '')) = lower(COALESCE(p.model, '')))
    AND COALESCE(CASE WHEN $to_feature = 1 THEN u.feature END, CASE WHEN $drop_feature = 0 THEN p.feature END, '') = COALESCE(s.feature, '')
    AND COALESCE(CASE WHEN $to_customer = 1 THEN u.customer END, CASE WHEN $drop_customer = 0 THEN p.customer END, '') = COALESCE(s.customer, '')
    AND COALESCE(CASE WHEN $to_team = 1 THEN u.team END, CASE WHEN $drop_team = 0 THEN p.team END, '') = COALESCE(s.team, '')
    AND COALESCE(CASE WHEN $to_user = 1 THEN u."user" END, CASE WHEN $drop_user = 0 THEN p."user" END, '') = COALESCE(s."user", '')
    AND COALESCE(CASE WHEN $to_environment = 1 THEN u.environment END, CASE WHEN $drop_environment = 0 THEN p.environment END, '') = COALESCE(s.environment, '')
    AND COALESCE(CASE WHEN $to_service = 1 THEN u.service END, CASE WHEN $drop_service = 0 THEN p.service END, '') = COALESCE(s.service, '')
    AND COALESCE(CASE WHEN $to_release = 1 THEN u."release" END, CASE WHEN $drop_release = 0 THEN p."release" END, '') = COALESCE(s."release", '')
    AND COALESCE(CASE WHEN $to_model = 1 THEN u.model END, CASE WHEN $drop_model = 0 THEN p.model END, '') = COALESCE(s.model, '')
ORDER BY pool, to_feature, to_customer, to_team, to_user, to_environment, to_service, to_release, to_model, weight DESC,
  "day", provider, model, operation, feature, customer, team, "user", environment, service, "release", state, error, unit, currency
