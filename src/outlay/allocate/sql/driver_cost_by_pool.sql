-- driver_cost_by_pool: the same as driver_cost, for rules that keep providers or what they split for each of apart.
-- grain:   one row per span, currency, part and attribution
-- reads:   share, pot
-- returns: the columns of driver; weight: allocated cost in 1e-9 of the currency
-- $in_*: what followed costs must agree on with the pool; $key: and for each of what; $to_*: dimensions that those costs
-- fill in; $whole_month: as in driver_usage; $followed: names of the rules whose shares are followed, between unit
-- separators, empty for all that are not proportional themselves; $passing: 1 to follow those too.
-- $base, $kept: another run, of whose shares those of some rules stand in for this run's own; empty for none.
-- Attributions whose cost is not positive are not followed.
SELECT
  $run AS run, CAST($month AS DATE) AS month, $measured AS rule, $whole_month AS whole_month, driver_day AS "day", currency, part,
  'allocated' AS state, feature, customer, team, "user", environment, service, "release", model,
  CASE WHEN $whole_month = 2 THEN 1 ELSE CAST(weight AS BIGINT) END AS weight
FROM (
  SELECT
    CASE WHEN $whole_month > 0 THEN CAST($month AS DATE) ELSE "day" END AS driver_day, currency,
    CASE WHEN $in_provider = 1 THEN lower(provider) ELSE '' END
      {part allocate/agreed} {part allocate/key} AS part,
    {part allocate/filled},
    intDiv(SUM(pico), 1000) AS weight
  FROM (
    SELECT
      "day", currency, provider, keys, feature, customer, team, "user", environment, service, "release", model,
      ({part store/cell}) * sign_of AS pico
    FROM (
      SELECT
        s."day" AS "day", s.currency AS currency, s.feature AS feature, s.customer AS customer, s.team AS team,
        s."user" AS "user", s.environment AS environment, s.service AS service, s."release" AS "release", s.model AS model,
        p.provider AS provider, p.keys AS keys, p.sign_of AS sign_of, p.whole AS whole, p.pool_from AS pool_from, p.pool_to AS pool_to,
        toInt256(s.before * 1000000000000) AS share_from, toInt256((s.before + abs(s.amount)) * 1000000000000) AS share_to
      FROM share AS s
      JOIN (
        SELECT
          run, rule, pot, CASE WHEN $in_provider = 1 OR $key > 0 THEN provider ELSE '' END AS provider,
          CASE WHEN $key > 0 THEN keys ELSE '' END AS keys,
          MIN(toInt256(before * 1000000000000)) AS pool_from,
          MAX(toInt256((before + abs(amount)) * 1000000000000)) AS pool_to,
          GREATEST(MAX(toInt256(whole * 1000000000000)), toInt256(1)) AS whole,
          CASE WHEN MIN(amount) < 0 THEN -1 ELSE 1 END AS sign_of
        FROM pot
        WHERE run = $run OR run = $base
        GROUP BY run, rule, pot, 4, 5
      ) AS p ON p.run = s.run AND p.rule = s.rule AND p.pot = s.pool
      WHERE (s.run = $run OR s.run = $base AND POSITION('␟' || s.rule || '␟' IN $kept) > 0) AND s.state = 'allocated'
        AND CASE WHEN $followed <> '' THEN POSITION('␟' || s.rule || '␟' IN $followed) > 0 ELSE s.method <> 'proportional' OR $passing = 1 END
    ) AS ranges
  ) AS cells
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
) AS followed
WHERE weight > 0 AND {part allocate/open}
