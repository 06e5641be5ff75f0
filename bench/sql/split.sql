-- split: the largest-remainder split alone, of pools and drivers that are tables already, into a table.
CREATE OR REPLACE TEMP TABLE drivers AS
SELECT run, pool, feature, customer, team, "user", environment, service, "release", model, state, weight FROM share;
CREATE OR REPLACE TABLE split AS
WITH whole AS (
  SELECT
    p.run, p.month, p.day, p.pool, p.rule, p.currency, p.provider, p.sub_account_name, p.service_name, p.charge_category,
    d.feature, d.customer, d.team, d."user", d.environment, d.service, d."release", d.model, d.state,
    CAST(abs(p.amount) * 1000000000000 AS HUGEINT) AS pico, CAST(d.weight AS HUGEINT) AS weight,
    SUM(CAST(d.weight AS HUGEINT)) OVER (PARTITION BY p.run, p.pool) AS total, sign(p.amount) AS sign_of
  FROM pool AS p
  JOIN drivers AS d ON d.run = p.run AND d.pool = p.pool
), floored AS (
  SELECT *, (pico * weight) // total AS base, (pico * weight) % total AS rest FROM whole WHERE total > 0
), ranked AS (
  SELECT
    *, pico - SUM(base) OVER (PARTITION BY run, pool) AS left_over,
    ROW_NUMBER() OVER (PARTITION BY run, pool ORDER BY rest DESC, state, feature, customer, team, "user", environment, service, "release", model) AS place
  FROM floored
)
SELECT
  * EXCLUDE (pico, total, base, rest, left_over, place, sign_of),
  CAST(CAST(base + CASE WHEN place <= left_over THEN 1 ELSE 0 END AS DECIMAL(38,0)) * CAST(0.000000000001 AS DECIMAL(12,12)) AS DECIMAL(38,12)) * sign_of AS share
FROM ranked
