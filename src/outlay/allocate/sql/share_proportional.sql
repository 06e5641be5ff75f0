-- share_proportional: pools of one rule split like what is allocated already.
-- grain:   one row per pool and attribution
-- reads:   pool, share
-- returns: the columns of share; weight: the allocated cost followed, in 1e-9 of the currency
-- law:     as in share_driver
-- $in_provider: follow only costs of the same provider; $to_*: dimensions that those costs fill in; $whole_month: follow
-- the month instead of the day. Attributions whose cost is not positive are not followed.
WITH open_pools AS (
  SELECT *
  FROM pool
  WHERE run = $run AND rule = $rule
    AND pool NOT IN (SELECT pool FROM share WHERE run = $run AND rule = $rule)
), followed AS (
  SELECT
    CASE WHEN $whole_month = 1 THEN CAST($month AS DATE) ELSE "day" END AS driver_day, currency,
    CASE WHEN $in_provider = 1 THEN provider ELSE '' END AS part,
    CASE WHEN $to_feature = 1 THEN feature END AS feature,
    CASE WHEN $to_customer = 1 THEN customer END AS customer,
    CASE WHEN $to_team = 1 THEN team END AS team,
    CASE WHEN $to_user = 1 THEN "user" END AS "user",
    CASE WHEN $to_environment = 1 THEN environment END AS environment,
    CASE WHEN $to_service = 1 THEN service END AS service,
    CASE WHEN $to_release = 1 THEN "release" END AS "release",
    CASE WHEN $to_model = 1 THEN model END AS model,
    intDiv(toInt256(SUM(amount) * 1000000000000), 1000) AS weight
  FROM share
  WHERE run = $run AND state = 'allocated' AND method <> 'proportional'
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
), driver AS (
  SELECT *, 'allocated' AS state FROM followed WHERE weight > 0
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
  JOIN driver AS d
    ON d.currency = p.currency AND d.part = CASE WHEN $in_provider = 1 THEN p.provider ELSE '' END
    AND d.driver_day = CASE WHEN $whole_month = 1 THEN CAST($month AS DATE) ELSE p."day" END
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
