-- pool_taken: shares that a rule takes from those who hold them, once with the sign turned and once to be split anew.
-- grain:   one row per side, day, currency, provider, sub account, service, charge category, keys and attribution
-- reads:   apportioned, pot, pool
-- returns: the columns of pool; passing: `out` for what is taken away, `in` for what is to be split
-- law:     the two sides sum to zero, so that the month still sums to its charges
-- $from_rules, $from_*: whose shares are taken, names between unit separators; empty for all; $set_*: what the rule itself
-- says about those it splits; $base, $kept: as in driver_cost; $sides: 2 for both sides, 1 for `out` alone
WITH taken AS (
  SELECT
    s."day" AS "day", s.currency AS currency, s.provider AS provider, s.sub_account_name AS sub_account_name,
    s.service_name AS service_name, s.charge_category AS charge_category, s.feature AS feature, s.customer AS customer, s.team AS team,
    s."user" AS "user", s.environment AS environment, s.service AS service, s."release" AS "release", s.model AS model,
    p.keys AS keys, SUM(s.amount) AS amount
  FROM apportioned AS s
  JOIN (SELECT run, rule, pool, keys FROM pot WHERE run = $run OR run = $base) AS p
    ON p.run = s.run AND p.rule = s.rule AND p.pool = s.pool
  WHERE (s.run = $run OR s.run = $base AND POSITION('␟' || s.rule || '␟' IN $kept) > 0) AND s.state = 'allocated' AND s.method <> 'passed on'
    {part allocate/taken}
  GROUP BY s."day", s.currency, s.provider, s.sub_account_name, s.service_name, s.charge_category, s.feature, s.customer, s.team,
    s."user", s.environment, s.service, s."release", s.model, p.keys
), held AS (
  SELECT COALESCE(MAX(pool), 0) AS pools FROM pool WHERE run = $run
), sided AS (
  SELECT t.*, sides.side AS side FROM taken AS t CROSS JOIN (SELECT CAST(unnest(range(0, 2)) AS BIGINT) AS side) AS sides
  WHERE t.amount <> 0 AND sides.side < $sides
)
SELECT
  $run AS run, CAST($month AS DATE) AS month, s."day" AS "day",
  h.pools + ROW_NUMBER() OVER (ORDER BY s.side, s."day", s.currency, s.provider, s.sub_account_name, s.service_name, s.charge_category,
    s.keys, s.feature, s.customer, s.team, s."user", s.environment, s.service, s."release", s.model) AS pool,
  $rule AS rule, s.currency AS currency, s.provider AS provider, s.sub_account_name AS sub_account_name, s.service_name AS service_name,
  s.charge_category AS charge_category,
  CASE WHEN s.side = 1 AND $set_feature <> '' THEN $set_feature ELSE s.feature END AS feature,
  CASE WHEN s.side = 1 AND $set_customer <> '' THEN $set_customer ELSE s.customer END AS customer,
  CASE WHEN s.side = 1 AND $set_team <> '' THEN $set_team ELSE s.team END AS team,
  CASE WHEN s.side = 1 AND $set_user <> '' THEN $set_user ELSE s."user" END AS "user",
  CASE WHEN s.side = 1 AND $set_environment <> '' THEN $set_environment ELSE s.environment END AS environment,
  CASE WHEN s.side = 1 AND $set_service <> '' THEN $set_service ELSE s.service END AS service,
  CASE WHEN s.side = 1 AND $set_release <> '' THEN $set_release ELSE s."release" END AS "release",
  NULLIF($set_provider, '') AS known_provider,
  CASE WHEN s.side = 1 AND $set_model <> '' THEN $set_model ELSE s.model END AS model,
  0 AS charges, CAST(0 AS DECIMAL(38,15)) AS consumed_quantity,
  s.amount * CASE WHEN s.side = 1 THEN 1 ELSE -1 END AS amount, s.keys AS keys,
  CASE WHEN s.side = 1 THEN 'in' ELSE 'out' END AS passing
FROM sided AS s
CROSS JOIN held AS h
