-- evidence_share: the dearest shares of a slice of the ledger, each with its pool, its pot, and its place in the split of that.
-- grain:   one row per pool and attribution, dearest first, at most $most
-- reads:   ledger, share, pot, pool, current_run
-- returns: the columns of share; rule_version; pool_amount, charges, consumed_quantity, passing: the pool's; pool_before:
--          the pools before it in its pot; pot: its number, and pot_amount; pot_share: what the whole pot gives to the
--          attribution, and share_before: to those before it; total_weight: of all shares of the pot; left_over: units of
--          1e-12 that whole parts leave; place: the share's turn to get one of them; driver_day, whole_month: which driver
-- law:     every number can be expanded to its inputs
-- Of equal remainders those come first that were given a unit: names that decided then may have been erased since.
WITH slice AS (
  SELECT *
  FROM ledger
  WHERE "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE){where}
  ORDER BY abs(amount) DESC, "day", pool, state, feature, customer, team, "user", environment, service, "release", model
  LIMIT $most
), placed AS (
  SELECT
    l.run AS run, l.month AS month, l."day" AS "day", l.pool AS pool, l.rule AS rule, l.currency AS currency, l.provider AS provider,
    l.sub_account_name AS sub_account_name, l.service_name AS service_name, l.charge_category AS charge_category,
    l.method AS method, l.driver AS driver, l.state AS state, l.feature AS feature, l.customer AS customer, l.team AS team,
    l."user" AS "user", l.environment AS environment, l.service AS service, l."release" AS "release", l.model AS model,
    l.weight AS weight, l.amount AS amount, COALESCE(q.pot, l.pool) AS pot,
    COALESCE(q.before, CAST(0 AS DECIMAL(38,12))) AS pool_before, q.driver_day AS driver_day, COALESCE(q.whole_month, 0) AS whole_month
  FROM slice AS l
  LEFT JOIN pot AS q ON q.run = l.run AND q.rule = l.rule AND q.pool = l.pool
), sibling AS (
  SELECT
    s.run AS run, s.rule AS rule, s.pool AS pot, s.state AS state, s.feature AS feature, s.customer AS customer, s.team AS team,
    s."user" AS "user", s.environment AS environment, s.service AS service, s."release" AS "release", s.model AS model,
    s.weight AS weight, s.amount AS pot_share, s.before AS share_before,
    SUM(s.amount) OVER (PARTITION BY s.run, s.rule, s.pool) AS pot_amount,
    SUM(toInt256(s.weight)) OVER (PARTITION BY s.run, s.rule, s.pool) AS total_weight,
    abs(toInt256(SUM(s.amount) OVER (PARTITION BY s.run, s.rule, s.pool) * 1000000000000)) AS abs_pico,
    abs(toInt256(s.amount * 1000000000000)) AS own_pico
  FROM share AS s
  JOIN (SELECT run, rule, pot FROM placed GROUP BY run, rule, pot) AS w ON w.run = s.run AND w.rule = s.rule AND w.pot = s.pool
), floored AS (
  SELECT *, intDiv(abs_pico * weight, total_weight) AS base, (abs_pico * weight) % total_weight AS rest
  FROM sibling
), ranked AS (
  SELECT
    *, CAST(abs_pico - SUM(base) OVER (PARTITION BY run, rule, pot) AS BIGINT) AS left_over,
    ROW_NUMBER() OVER (PARTITION BY run, rule, pot ORDER BY rest DESC, own_pico - base DESC, state, feature, customer, team, "user", environment, service, "release", model) AS place
  FROM floored
)
SELECT
  l.run AS run, l.month AS month, l."day" AS "day", l.pool AS pool, l.rule AS rule, c.rule_version AS rule_version, l.currency AS currency,
  l.provider AS provider, l.sub_account_name AS sub_account_name, l.service_name AS service_name,
  l.charge_category AS charge_category, l.method AS method, l.driver AS driver,
  l.state AS state, l.feature AS feature, l.customer AS customer, l.team AS team, l."user" AS "user", l.environment AS environment,
  l.service AS service, l."release" AS "release", l.model AS model, l.weight AS weight, l.amount AS amount,
  p.amount AS pool_amount, p.charges AS charges, p.consumed_quantity AS consumed_quantity, p.passing AS passing,
  l.pool_before AS pool_before, l.pot AS pot, r.pot_amount AS pot_amount, r.pot_share AS pot_share, r.share_before AS share_before,
  CAST(r.total_weight AS BIGINT) AS total_weight, r.left_over AS left_over, r.place AS place, l.driver_day AS driver_day,
  l.whole_month AS whole_month
FROM placed AS l
JOIN ranked AS r
  ON r.run = l.run AND r.rule = l.rule AND r.pot = l.pot AND r.state = l.state
  AND COALESCE(r.feature, '') = COALESCE(l.feature, '') AND COALESCE(r.customer, '') = COALESCE(l.customer, '')
  AND COALESCE(r.team, '') = COALESCE(l.team, '') AND COALESCE(r."user", '') = COALESCE(l."user", '')
  AND COALESCE(r.environment, '') = COALESCE(l.environment, '') AND COALESCE(r.service, '') = COALESCE(l.service, '')
  AND COALESCE(r."release", '') = COALESCE(l."release", '') AND COALESCE(r.model, '') = COALESCE(l.model, '')
JOIN pool AS p ON p.run = l.run AND p.pool = l.pool
JOIN current_run AS c ON c.run = l.run
ORDER BY abs(l.amount) DESC, l."day", l.pool, r.place
