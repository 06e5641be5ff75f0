-- trace_taken: the shares that a rule took from others, for some of the pools it made of them.
-- grain:   one row per such pool and share, dearest first within a pool, at most $most each
-- reads:   pool, apportioned
-- returns: into_pool; the columns of the share; pool_amount, charges, consumed_quantity, passing: its own pool's
-- $from_*, $set_*: as in allocate/pool_taken; $pools: numbers between commas; $same: 1 where the pool keeps what the share said
WITH found AS (
  SELECT
    w.pool AS into_pool, s.run AS run, s.month AS month, s."day" AS "day", s.pool AS pool, s.rule AS rule, s.currency AS currency,
    s.provider AS provider, s.sub_account_name AS sub_account_name, s.service_name AS service_name,
    s.charge_category AS charge_category, s.method AS method, s.driver AS driver, s.state AS state, s.feature AS feature,
    s.customer AS customer, s.team AS team, s."user" AS "user", s.environment AS environment, s.service AS service,
    s."release" AS "release", s.model AS model, s.weight AS weight, s.amount AS amount, p.amount AS pool_amount,
    p.charges AS charges, p.consumed_quantity AS consumed_quantity, p.passing AS passing,
    ROW_NUMBER() OVER (PARTITION BY w.pool ORDER BY abs(s.amount) DESC, s.pool, s.state, s.feature, s.customer, s.team, s."user", s.environment, s.service, s."release", s.model) AS turn
  FROM pool AS w
  JOIN apportioned AS s
    ON s.run = w.run AND s."day" = w."day" AND s.currency = w.currency AND s.provider = w.provider
    AND s.charge_category = w.charge_category AND COALESCE(s.sub_account_name, '') = COALESCE(w.sub_account_name, '')
    AND COALESCE(s.service_name, '') = COALESCE(w.service_name, '')
  JOIN pool AS p ON p.run = s.run AND p.pool = s.pool
  WHERE w.run = $run AND $pools LIKE '%,' || CAST(w.pool AS VARCHAR) || ',%' AND w.passing <> '' AND p.keys = w.keys
    AND s.state = 'allocated' AND s.method <> 'passed on' AND s.rule <> w.rule
    AND ($same = 0 OR (
      (w.passing = 'in' AND $set_feature <> '' OR COALESCE(s.feature, '') = COALESCE(w.feature, ''))
      AND (w.passing = 'in' AND $set_customer <> '' OR COALESCE(s.customer, '') = COALESCE(w.customer, ''))
      AND (w.passing = 'in' AND $set_team <> '' OR COALESCE(s.team, '') = COALESCE(w.team, ''))
      AND (w.passing = 'in' AND $set_user <> '' OR COALESCE(s."user", '') = COALESCE(w."user", ''))
      AND (w.passing = 'in' AND $set_environment <> '' OR COALESCE(s.environment, '') = COALESCE(w.environment, ''))
      AND (w.passing = 'in' AND $set_service <> '' OR COALESCE(s.service, '') = COALESCE(w.service, ''))
      AND (w.passing = 'in' AND $set_release <> '' OR COALESCE(s."release", '') = COALESCE(w."release", ''))
      AND (w.passing = 'in' AND $set_model <> '' OR COALESCE(s.model, '') = COALESCE(w.model, ''))))
    {part allocate/taken}
)
SELECT
  into_pool, run, month, "day", pool, rule, currency, provider, sub_account_name, service_name, charge_category, method, driver, state,
  feature, customer, team, "user", environment, service, "release", model, weight, amount, pool_amount, charges, consumed_quantity, passing
FROM found
WHERE turn <= $most
ORDER BY into_pool, turn
