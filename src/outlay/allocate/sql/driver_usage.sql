-- driver_usage: what usage measures for the pools of one rule.
-- grain:   one row per span, part and attribution, and one for idle capacity where the rule knows the capacity
-- reads:   pool, rollup_day
-- returns: the columns of driver; weight: the driver in its own unit (estimated_cost in 1e-9 of the currency, duration in
--          milliseconds, other quantities in thousandths)
-- Capacity that nobody used on a day is idle, all of it.
-- $in_*: dimensions on which usage must agree with what the pool says; $to_*: dimensions that usage fills in;
-- $whole_month: take the month's usage instead of the day's; $capacity: units of the driver per consumed unit, 0 for none.
WITH measured AS (
  SELECT
    CASE WHEN $whole_month = 1 THEN CAST($month AS DATE) ELSE "day" END AS driver_day,
    CASE WHEN $in_provider = 1 THEN lower(COALESCE(provider, '')) ELSE '' END
      {part allocate/agreed} AS part,
    CASE WHEN $to_feature = 1 THEN feature END AS feature,
    CASE WHEN $to_customer = 1 THEN customer END AS customer,
    CASE WHEN $to_team = 1 THEN team END AS team,
    CASE WHEN $to_user = 1 THEN "user" END AS "user",
    CASE WHEN $to_environment = 1 THEN environment END AS environment,
    CASE WHEN $to_service = 1 THEN service END AS service,
    CASE WHEN $to_release = 1 THEN "release" END AS "release",
    CASE WHEN $to_model = 1 THEN model END AS model,
    SUM(CASE
      WHEN $driver = 'calls' THEN toInt256(calls) * 1000
      WHEN $driver = 'attempts' THEN toInt256(attempts) * 1000
      WHEN $driver = 'tokens' THEN toInt256(tokens) * 1000
      WHEN $driver = 'duration_ms' THEN toInt256(duration_ms)
      WHEN $driver = 'estimated_cost' THEN intDiv(toInt256(estimated_cost * 1000000000000), 1000)
      WHEN unit = $unit THEN toInt256(floor(quantity * 1000))
      ELSE toInt256(0) END) AS weight
  FROM rollup_day
  WHERE run = $run
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
), held AS (
  SELECT
    CASE WHEN $whole_month = 1 THEN CAST($month AS DATE) ELSE "day" END AS held_day,
    CASE WHEN $in_provider = 1 THEN lower(COALESCE(known_provider, '')) ELSE '' END
      {part allocate/agreed} AS part,
    SUM(toInt256(floor(consumed_quantity * 1000)) * $capacity) AS capacity
  FROM pool
  WHERE run = $run AND rule = $rule AND $capacity > 0
    AND pool NOT IN (SELECT pool FROM share WHERE run = $run AND rule = $rule)
  GROUP BY 1, 2
), idle AS (
  SELECT h.held_day AS held_day, h.part AS part, h.capacity - COALESCE(used.weight, toInt256(0)) AS weight
  FROM held AS h
  LEFT JOIN (SELECT driver_day, part, SUM(weight) AS weight FROM measured GROUP BY driver_day, part) AS used
    ON used.driver_day = h.held_day AND used.part = h.part
)
SELECT
  $run AS run, CAST($month AS DATE) AS month, $rule AS rule, $whole_month AS whole_month, driver_day AS "day", '' AS currency,
  part, 'allocated' AS state, feature, customer, team, "user", environment, service, "release", model, CAST(weight AS BIGINT) AS weight
FROM measured
WHERE weight > 0
UNION ALL
SELECT
  $run AS run, CAST($month AS DATE) AS month, $rule AS rule, $whole_month AS whole_month, held_day AS "day", '' AS currency,
  part, 'idle' AS state, CAST(NULL AS VARCHAR) AS feature, CAST(NULL AS VARCHAR) AS customer, CAST(NULL AS VARCHAR) AS team, CAST(NULL AS VARCHAR) AS "user", CAST(NULL AS VARCHAR) AS environment, CAST(NULL AS VARCHAR) AS service, CAST(NULL AS VARCHAR) AS "release", CAST(NULL AS VARCHAR) AS model, CAST(weight AS BIGINT) AS weight
FROM idle
WHERE weight > 0
