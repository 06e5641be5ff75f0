-- pots_of: the pots of one rule that have no shares yet, each with what its first pool says.
-- grain:   one row per pot
-- reads:   pool, pot, share
-- returns: the columns of a share that the pot decides; whole: its amount
SELECT
  p.run AS run, p.month AS month, p."day" AS "day", p.pool AS pool, p.rule AS rule, p.currency AS currency, p.provider AS provider,
  p.sub_account_name AS sub_account_name, p.service_name AS service_name, p.charge_category AS charge_category,
  p.feature AS feature, p.customer AS customer, p.team AS team, p."user" AS "user", p.environment AS environment, p.service AS service, p."release" AS "release", p.model AS model,
  q.whole * CASE WHEN q.amount < 0 THEN -1 ELSE 1 END AS whole
FROM pot AS q
JOIN pool AS p ON p.run = q.run AND p.pool = q.pool
WHERE q.run = $run AND q.rule = $rule AND q.pool = q.pot
  AND q.pot NOT IN (SELECT pool FROM share WHERE run = $run AND rule = $rule)
ORDER BY pool
