-- evidence_measured: the rolled-up usage behind the driver of some pools' shares.
-- grain:   one row per share and row of rollup_day
-- reads:   share, pot, pool, rollup_day
-- returns: pool and to_<dimension>, which name the share; the row's dimensions and measures; weight: what it adds to the
--          share's weight
-- law:     the weights of a share's rows sum to its weight exactly
-- $in_*, $to_*, $drop_*, $driver, $unit, $whole_month: as in allocate/driver_usage; $pools: numbers of pots between commas
WITH wanted AS (
  {part explain/shares_of_pots}
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
    {part explain/measured_for}
ORDER BY pool, to_feature, to_customer, to_team, to_user, to_environment, to_service, to_release, to_model, weight DESC,
  "day", provider, model, operation, feature, customer, team, "user", environment, service, "release", state, error, unit, currency
