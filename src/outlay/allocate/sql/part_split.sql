-- split: pots split among those kept, to the last unit.
-- grain:   the end of a query: one row per pot and attribution
-- reads:   pool; wants the common table `kept`, whose rows of one pot and attribution are added up
-- returns: the columns of share
-- Pots of a rule name the same ones day by day, so these are numbered once, and all that follows is narrow: a pot, a number,
-- a weight. Each step reads the one before once, for ClickHouse works out a common table as often as it is named.
-- `before` sums the shares before this one in the order of the attribution, customer and user last: so rows that differ in
-- these two only stand side by side, and cells of whole ranges can be had at once (see store/cell).
who AS (
  SELECT
    *, ROW_NUMBER() OVER (
      ORDER BY state, COALESCE(to_feature, ''), COALESCE(to_team, ''), COALESCE(to_environment, ''), COALESCE(to_service, ''),
        COALESCE(to_release, ''), COALESCE(to_model, ''), COALESCE(to_customer, ''), COALESCE(to_user, '')
    ) AS number
  FROM (
    SELECT DISTINCT state, to_feature, to_team, to_environment, to_service, to_release, to_model, to_customer, to_user
    FROM kept
  ) AS named
), numbered AS (
  SELECT k.pool AS pool, w.number AS number, MAX(k.whole) AS whole, SUM(k.weight) AS weight
  FROM kept AS k
  JOIN who AS w
    ON w.state = k.state AND w.to_feature IS NOT DISTINCT FROM k.to_feature AND w.to_team IS NOT DISTINCT FROM k.to_team
    AND w.to_environment IS NOT DISTINCT FROM k.to_environment AND w.to_service IS NOT DISTINCT FROM k.to_service
    AND w.to_release IS NOT DISTINCT FROM k.to_release AND w.to_model IS NOT DISTINCT FROM k.to_model
    AND w.to_customer IS NOT DISTINCT FROM k.to_customer AND w.to_user IS NOT DISTINCT FROM k.to_user
  GROUP BY 1, 2
), floored AS (
  SELECT
    pool, number, weight, whole, whole * weight AS product, intDiv(whole * weight, SUM(weight) OVER (PARTITION BY pool)) AS base,
    SUM(weight) OVER (PARTITION BY pool) AS total
  FROM numbered
), ranked AS (
  SELECT
    pool, number, weight, base, whole - SUM(base) OVER (PARTITION BY pool) AS left_over,
    ROW_NUMBER() OVER (PARTITION BY pool ORDER BY product - base * total DESC, number) AS place
  FROM floored
), given AS (
  SELECT pool, number, weight, base + CASE WHEN place <= left_over THEN 1 ELSE 0 END AS pico
  FROM ranked
), summed AS (
  SELECT
    *, COALESCE(SUM(pico) OVER (PARTITION BY pool ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), toInt256(0)) AS pico_before
  FROM given
)
SELECT
  p.run AS run, p.month AS month, p."day" AS "day", p.pool AS pool, p.rule AS rule, p.currency AS currency,
  p.provider AS provider, p.sub_account_name AS sub_account_name, p.service_name AS service_name,
  p.charge_category AS charge_category, $method AS method, $driver AS driver, w.state AS state,
  w.to_feature AS feature, w.to_customer AS customer, w.to_team AS team, w.to_user AS "user", w.to_environment AS environment, w.to_service AS service, w.to_release AS "release", w.to_model AS model,
  CAST(s.weight AS BIGINT) AS weight,
  CAST(toDecimal128(s.pico * CASE WHEN p.amount < 0 THEN -1 ELSE 1 END, 0) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS amount,
  CAST(toDecimal128(s.pico_before, 0) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS before
FROM summed AS s
JOIN who AS w ON w.number = s.number
JOIN pool AS p ON p.run = $run AND p.pool = s.pool
