-- evidence_share: the dearest shares of a slice of the ledger, each with its pool and its place in the split of it.
-- grain:   one row per share, dearest first, at most $most
-- reads:   ledger, pool
-- returns: the columns of share; rule_version; pool_amount, charges, consumed_quantity: the pool's; total_weight: of all
--          its shares; left_over: units of 1e-12 that whole parts leave; place: the share's turn to get one of them
-- law:     every number can be expanded to its inputs
-- Of equal remainders those come first that were given a unit: names that decided then may have been erased since.
WITH slice AS (
  SELECT run AS slice_run, pool AS slice_pool
  FROM ledger
  WHERE "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE){where}
  GROUP BY run, pool
), sibling AS (
  SELECT
    s.run AS run, s.month AS month, s."day" AS "day", s.pool AS pool, s.rule AS rule, s.currency AS currency, s.provider AS provider,
    s.sub_account_name AS sub_account_name, s.service_name AS service_name, s.charge_category AS charge_category,
    s.method AS method, s.driver AS driver, s.state AS state, s.feature AS feature, s.customer AS customer, s.team AS team,
    s."user" AS "user", s.environment AS environment, s.service AS service, s."release" AS "release", s.model AS model,
    s.weight AS weight, s.amount AS amount, p.amount AS pool_amount, p.charges AS charges,
    p.consumed_quantity AS consumed_quantity, c.rule_version AS rule_version,
    SUM(toInt256(s.weight)) OVER (PARTITION BY s.run, s.pool) AS total_weight,
    abs(toInt256(p.amount * 1000000000000)) AS abs_pico, abs(toInt256(s.amount * 1000000000000)) AS own_pico
  FROM ledger AS s
  JOIN slice ON slice_run = s.run AND slice_pool = s.pool
  JOIN pool AS p ON p.run = s.run AND p.pool = s.pool
  JOIN current_run AS c ON c.run = s.run
), floored AS (
  SELECT *, intDiv(abs_pico * weight, total_weight) AS base, (abs_pico * weight) % total_weight AS rest
  FROM sibling
), ranked AS (
  SELECT
    *, CAST(abs_pico - SUM(base) OVER (PARTITION BY run, pool) AS BIGINT) AS left_over,
    ROW_NUMBER() OVER (PARTITION BY run, pool ORDER BY rest DESC, own_pico - base DESC, state, feature, customer, team, "user", environment, service, "release", model) AS place
  FROM floored
)
SELECT
  run, month, "day", pool, rule, rule_version, currency, provider, sub_account_name, service_name, charge_category, method, driver,
  state, feature, customer, team, "user", environment, service, "release", model, weight, amount, pool_amount, charges,
  consumed_quantity, CAST(total_weight AS BIGINT) AS total_weight, left_over, place
FROM ranked
WHERE "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE){where}
ORDER BY abs(amount) DESC, "day", pool, place
LIMIT $most
