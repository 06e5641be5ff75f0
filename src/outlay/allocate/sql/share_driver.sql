-- share_driver: pools of one rule split by its driver.
-- grain:   one row per pool and attribution, and one for idle capacity
-- reads:   pool, driver, share
-- returns: the columns of share; weight: that of the driver
-- law:     shares of a pool sum to it exactly: largest remainder at 1e-12, ties to the smaller attribution (as one text); a negative
--          pool splits like its absolute value. Pools without a driver yield nothing here; the rule's fallback takes them.
-- Pools of one day that say the same about who caused them split alike: their targets are found and put in order once,
-- and the split itself moves only numbers.
WITH open_pools AS (
  SELECT
    *, CASE WHEN $whole_month = 1 THEN CAST($month AS DATE) ELSE "day" END AS driver_day,
    CASE WHEN $method = 'proportional' THEN currency ELSE '' END AS driver_currency,
    CASE WHEN $in_provider = 1 THEN lower(CASE WHEN $method = 'proportional' THEN provider ELSE COALESCE(known_provider, '') END) ELSE '' END
      {part allocate/agreed} AS part
  FROM pool
  WHERE run = $run AND rule = $rule
    AND pool NOT IN (SELECT pool FROM share WHERE run = $run AND rule = $rule)
), alike AS (
  SELECT
    pool, MIN(pool) OVER (
      PARTITION BY driver_day, driver_currency, part, feature, customer, team, "user", environment, service, "release", model
    ) AS like_pool, abs(toInt256(amount * 1000000000000)) AS abs_pico
  FROM open_pools
), target AS (
  SELECT
    p.pool AS like_pool, d.state AS state,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.feature, p.feature) ELSE p.feature END AS to_feature,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.customer, p.customer) ELSE p.customer END AS to_customer,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.team, p.team) ELSE p.team END AS to_team,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d."user", p."user") ELSE p."user" END AS to_user,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.environment, p.environment) ELSE p.environment END AS to_environment,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.service, p.service) ELSE p.service END AS to_service,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d."release", p."release") ELSE p."release" END AS to_release,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.model, p.model) ELSE p.model END AS to_model,
    SUM(toInt256(d.weight)) AS weight
  FROM open_pools AS p
  JOIN alike AS a ON a.pool = p.pool AND a.like_pool = p.pool
  JOIN driver AS d
    ON d.run = $run AND d.rule = $rule AND d.whole_month = $whole_month
    AND d.part = p.part AND d."day" = p.driver_day AND d.currency = p.driver_currency
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
), numbered AS (
  SELECT
    *, ROW_NUMBER() OVER (
      ORDER BY like_pool, state || '␟' || COALESCE(to_feature, '') || '␟' || COALESCE(to_customer, '') || '␟' || COALESCE(to_team, '') || '␟' || COALESCE(to_user, '')
        || '␟' || COALESCE(to_environment, '') || '␟' || COALESCE(to_service, '') || '␟' || COALESCE(to_release, '') || '␟' || COALESCE(to_model, '')
    ) AS number
  FROM target
), total AS (
  SELECT like_pool, SUM(weight) AS weight FROM target GROUP BY like_pool
), floored AS (
  SELECT
    a.pool AS pool, n.number AS number, a.abs_pico AS abs_pico,
    intDiv(a.abs_pico * n.weight, t.weight) AS base,
    a.abs_pico * n.weight - intDiv(a.abs_pico * n.weight, t.weight) * t.weight AS rest
  FROM alike AS a
  JOIN total AS t ON t.like_pool = a.like_pool
  JOIN numbered AS n ON n.like_pool = a.like_pool
), ranked AS (
  SELECT
    pool, number, base,
    abs_pico - SUM(base) OVER (PARTITION BY pool) AS left_over,
    ROW_NUMBER() OVER (PARTITION BY pool ORDER BY rest DESC, number) AS place
  FROM floored
)
SELECT
  p.run AS run, p.month AS month, p."day" AS "day", p.pool AS pool, p.rule AS rule, p.currency AS currency,
  p.provider AS provider, p.sub_account_name AS sub_account_name, p.service_name AS service_name,
  p.charge_category AS charge_category, $method AS method, $driver AS driver, n.state AS state,
  n.to_feature AS feature, n.to_customer AS customer, n.to_team AS team, n.to_user AS "user", n.to_environment AS environment, n.to_service AS service, n.to_release AS "release", n.to_model AS model,
  CAST(n.weight AS BIGINT) AS weight,
  CAST(CAST(CAST((r.base + CASE WHEN r.place <= r.left_over THEN 1 ELSE 0 END) * CASE WHEN p.amount < 0 THEN -1 ELSE 1 END AS VARCHAR)
    AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS amount
FROM ranked AS r
JOIN numbered AS n ON n.number = r.number
JOIN open_pools AS p ON p.pool = r.pool
