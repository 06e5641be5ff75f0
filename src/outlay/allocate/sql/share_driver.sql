-- share_driver: pools of one rule split by a measured quantity.
-- grain:   one row per pool and attribution, and one for idle capacity where the rule knows the capacity
-- reads:   pool, rollup_day, share
-- returns: the columns of share; weight: the driver in its own unit (estimated_cost in 1e-9 of the currency, duration in
--          milliseconds, other quantities in thousandths)
-- law:     shares of a pool sum to it exactly: largest remainder at 1e-12, ties to the smaller attribution (as one text); a negative
--          pool splits like its absolute value. Pools without a driver yield nothing here; the rule's fallback takes them.
-- Capacity that nobody used on a day is idle, all of it.
-- $in_*: dimensions on which usage must agree with what the pool says; $to_*: dimensions that usage fills in;
-- $whole_month: take the month's usage instead of the day's; $capacity: units of the driver per consumed unit, 0 for none.
WITH open_pools AS (
  SELECT
    *,
    CASE WHEN $in_provider = 1 THEN lower(COALESCE(known_provider, '')) ELSE '' END
      || '␟' || CASE WHEN $in_feature = 1 THEN lower(COALESCE(feature, '')) ELSE '' END
      || '␟' || CASE WHEN $in_customer = 1 THEN lower(COALESCE(customer, '')) ELSE '' END
      || '␟' || CASE WHEN $in_team = 1 THEN lower(COALESCE(team, '')) ELSE '' END
      || '␟' || CASE WHEN $in_user = 1 THEN lower(COALESCE("user", '')) ELSE '' END
      || '␟' || CASE WHEN $in_environment = 1 THEN lower(COALESCE(environment, '')) ELSE '' END
      || '␟' || CASE WHEN $in_service = 1 THEN lower(COALESCE(service, '')) ELSE '' END
      || '␟' || CASE WHEN $in_release = 1 THEN lower(COALESCE("release", '')) ELSE '' END
      || '␟' || CASE WHEN $in_model = 1 THEN lower(COALESCE(model, '')) ELSE '' END AS part
  FROM pool
  WHERE run = $run AND rule = $rule
    AND pool NOT IN (SELECT pool FROM share WHERE run = $run AND rule = $rule)
), measured AS (
  SELECT
    CASE WHEN $whole_month = 1 THEN CAST($month AS DATE) ELSE "day" END AS driver_day,
    CASE WHEN $in_provider = 1 THEN lower(COALESCE(provider, '')) ELSE '' END
      || '␟' || CASE WHEN $in_feature = 1 THEN lower(COALESCE(feature, '')) ELSE '' END
      || '␟' || CASE WHEN $in_customer = 1 THEN lower(COALESCE(customer, '')) ELSE '' END
      || '␟' || CASE WHEN $in_team = 1 THEN lower(COALESCE(team, '')) ELSE '' END
      || '␟' || CASE WHEN $in_user = 1 THEN lower(COALESCE("user", '')) ELSE '' END
      || '␟' || CASE WHEN $in_environment = 1 THEN lower(COALESCE(environment, '')) ELSE '' END
      || '␟' || CASE WHEN $in_service = 1 THEN lower(COALESCE(service, '')) ELSE '' END
      || '␟' || CASE WHEN $in_release = 1 THEN lower(COALESCE("release", '')) ELSE '' END
      || '␟' || CASE WHEN $in_model = 1 THEN lower(COALESCE(model, '')) ELSE '' END AS part,
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
), driver AS (
  SELECT *, 'allocated' AS state FROM measured WHERE weight > 0
  UNION ALL
  SELECT
    held.held_day AS driver_day, held.part AS part,
    CAST(NULL AS VARCHAR) AS feature, CAST(NULL AS VARCHAR) AS customer, CAST(NULL AS VARCHAR) AS team, CAST(NULL AS VARCHAR) AS "user", CAST(NULL AS VARCHAR) AS environment, CAST(NULL AS VARCHAR) AS service, CAST(NULL AS VARCHAR) AS "release", CAST(NULL AS VARCHAR) AS model,
    GREATEST(toInt256(0), held.capacity - COALESCE(used.weight, toInt256(0))) AS weight, 'idle' AS state
  FROM (
    SELECT
      CASE WHEN $whole_month = 1 THEN CAST($month AS DATE) ELSE "day" END AS held_day, part,
      SUM(toInt256(floor(consumed_quantity * 1000)) * $capacity) AS capacity
    FROM open_pools
    GROUP BY 1, 2
  ) AS held
  LEFT JOIN (SELECT driver_day, part, SUM(weight) AS weight FROM measured GROUP BY driver_day, part) AS used
    ON used.driver_day = held.held_day AND used.part = held.part
  WHERE $capacity > 0
), met AS (
  SELECT
    p.pool AS pool, d.state AS state,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.feature, p.feature) ELSE p.feature END AS to_feature,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.customer, p.customer) ELSE p.customer END AS to_customer,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.team, p.team) ELSE p.team END AS to_team,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d."user", p."user") ELSE p."user" END AS to_user,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.environment, p.environment) ELSE p.environment END AS to_environment,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.service, p.service) ELSE p.service END AS to_service,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d."release", p."release") ELSE p."release" END AS to_release,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.model, p.model) ELSE p.model END AS to_model,
    SUM(d.weight) AS weight
  FROM open_pools AS p
  JOIN driver AS d ON d.part = p.part AND d.driver_day = CASE WHEN $whole_month = 1 THEN CAST($month AS DATE) ELSE p."day" END
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
), whole AS (
  SELECT
    m.*, SUM(m.weight) OVER (PARTITION BY m.pool) AS total, abs(toInt256(p.amount * 1000000000000)) AS abs_pico,
    m.state || '␟' || COALESCE(m.to_feature, '') || '␟' || COALESCE(m.to_customer, '') || '␟' || COALESCE(m.to_team, '') || '␟' || COALESCE(m.to_user, '') || '␟' || COALESCE(m.to_environment, '') || '␟' || COALESCE(m.to_service, '') || '␟' || COALESCE(m.to_release, '') || '␟' || COALESCE(m.to_model, '') AS attribution
  FROM met AS m
  JOIN open_pools AS p ON p.pool = m.pool
), floored AS (
  SELECT
    *, intDiv(abs_pico * weight, total) AS base, (abs_pico * weight) % total AS rest
  FROM whole
  WHERE total > 0 AND weight > 0
), ranked AS (
  SELECT
    *, abs_pico - SUM(base) OVER (PARTITION BY pool) AS left_over,
    ROW_NUMBER() OVER (PARTITION BY pool ORDER BY rest DESC, attribution) AS place
  FROM floored
)
SELECT
  p.run AS run, p.month AS month, p."day" AS "day", p.pool AS pool, p.rule AS rule, p.currency AS currency,
  p.provider AS provider, p.sub_account_name AS sub_account_name, p.service_name AS service_name,
  p.charge_category AS charge_category, $method AS method, $driver AS driver, r.state AS state,
  r.to_feature AS feature, r.to_customer AS customer, r.to_team AS team, r.to_user AS "user", r.to_environment AS environment, r.to_service AS service, r.to_release AS "release", r.to_model AS model,
  CAST(r.weight AS BIGINT) AS weight,
  CAST(CAST(CAST((r.base + CASE WHEN r.place <= r.left_over THEN 1 ELSE 0 END) * CASE WHEN p.amount < 0 THEN -1 ELSE 1 END AS VARCHAR)
    AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS amount
FROM ranked AS r
JOIN open_pools AS p ON p.pool = r.pool
