-- split: pots split among those kept, to the last unit.
-- grain:   the end of a query: one row per pot and attribution
-- reads:   pool; wants the common table `kept`
-- returns: the columns of share
-- `before` sums the shares before this one in the order of the attribution, customer and user last: so rows that differ in
-- these two only stand side by side, and cells of whole ranges can be had at once (see store/cell).
numbered AS (
  SELECT
    *, ROW_NUMBER() OVER (
      ORDER BY pool, state, COALESCE(to_feature, ''), COALESCE(to_team, ''), COALESCE(to_environment, ''), COALESCE(to_service, ''),
        COALESCE(to_release, ''), COALESCE(to_model, ''), COALESCE(to_customer, ''), COALESCE(to_user, '')
    ) AS number
  FROM kept
), total AS (
  SELECT pool, SUM(weight) AS weight FROM kept GROUP BY pool
), floored AS (
  SELECT
    n.pool AS pool, n.number AS number, n.whole AS whole, intDiv(n.whole * n.weight, t.weight) AS base,
    n.whole * n.weight - intDiv(n.whole * n.weight, t.weight) * t.weight AS rest
  FROM numbered AS n
  JOIN total AS t ON t.pool = n.pool
), left_of AS (
  SELECT pool, MAX(whole) - SUM(base) AS left_over FROM floored GROUP BY pool
), ranked AS (
  SELECT pool, number, base, ROW_NUMBER() OVER (PARTITION BY pool ORDER BY rest DESC, number) AS place
  FROM floored
), given AS (
  SELECT r.pool AS pool, r.number AS number, r.base + CASE WHEN r.place <= l.left_over THEN 1 ELSE 0 END AS pico
  FROM ranked AS r
  JOIN left_of AS l ON l.pool = r.pool
), summed AS (
  SELECT
    number, pico,
    COALESCE(SUM(pico) OVER (PARTITION BY pool ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), toInt256(0)) AS pico_before
  FROM given
)
SELECT
  p.run AS run, p.month AS month, p."day" AS "day", p.pool AS pool, p.rule AS rule, p.currency AS currency,
  p.provider AS provider, p.sub_account_name AS sub_account_name, p.service_name AS service_name,
  p.charge_category AS charge_category, $method AS method, $driver AS driver, n.state AS state,
  n.to_feature AS feature, n.to_customer AS customer, n.to_team AS team, n.to_user AS "user", n.to_environment AS environment, n.to_service AS service, n.to_release AS "release", n.to_model AS model,
  CAST(n.weight AS BIGINT) AS weight,
  CAST(toDecimal128(s.pico * CASE WHEN p.amount < 0 THEN -1 ELSE 1 END, 0) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS amount,
  CAST(toDecimal128(s.pico_before, 0) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS before
FROM numbered AS n
JOIN summed AS s ON s.number = n.number
JOIN pool AS p ON p.run = $run AND p.pool = n.pool
