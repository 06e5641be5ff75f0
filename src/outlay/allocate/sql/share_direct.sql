-- share_direct: pots given whole to whoever they say caused them.
-- grain:   one row per pot of the rule that has no shares yet
-- reads:   pool, pot, share
-- returns: the columns of share; unallocated when the pool says nothing, or when $give is 0
SELECT
  p.run AS run, p.month AS month, p."day" AS "day", p.pool AS pool, p.rule AS rule, p.currency AS currency, p.provider AS provider,
  p.sub_account_name AS sub_account_name, p.service_name AS service_name, p.charge_category AS charge_category,
  CASE WHEN p.passing = 'out' THEN 'passed on' ELSE $method END AS method, '' AS driver,
  CASE WHEN $give = 0 OR (p.feature IS NULL AND p.customer IS NULL AND p.team IS NULL AND p."user" IS NULL AND p.environment IS NULL AND p.service IS NULL AND p."release" IS NULL AND p.model IS NULL) THEN 'unallocated' ELSE 'allocated' END AS state,
  p.feature AS feature, p.customer AS customer, p.team AS team, p."user" AS "user", p.environment AS environment, p.service AS service, p."release" AS "release", p.model AS model, 1 AS weight,
  q.whole * CASE WHEN q.amount < 0 THEN -1 ELSE 1 END AS amount, CAST(0 AS DECIMAL(38,12)) AS before
FROM pot AS q
JOIN pool AS p ON p.run = q.run AND p.pool = q.pool
WHERE q.run = $run AND q.rule = $rule AND q.pool = q.pot
  AND q.pot NOT IN (SELECT pool FROM share WHERE run = $run AND rule = $rule)
