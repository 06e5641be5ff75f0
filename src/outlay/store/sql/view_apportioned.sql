-- apportioned: shares by pool.
-- grain:   one row per run, pool and attribution
-- reads:   share, pot
-- returns: the columns of share, with the pool's own number, provider, sub account, service and charge category; amount:
--          the pool's part of the share
-- law:     the rows of a pool sum to it, and those of a share to it
-- A pot that holds one pool only needs no telling apart.
-- ClickHouse keeps a view with the database's name in it, so an alias here must not be what somebody may call a database.
SELECT
  run, month, "day", pool, rule, currency, provider, sub_account_name, service_name, charge_category, method, driver, state,
  feature, customer, team, "user", environment, service, "release", model, weight,
  CASE
    WHEN alone THEN amount
    ELSE CAST(CAST(CAST(({part store/cell}) * CASE WHEN pool_amount < 0 THEN -1 ELSE 1 END AS VARCHAR) AS DECIMAL(38,0))
      * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12))
  END AS amount,
  before
FROM (
  SELECT
    given.run AS run, given.month AS month, given."day" AS "day", COALESCE(held.pool, given.pool) AS pool, given.rule AS rule, given.currency AS currency,
    COALESCE(held.provider, given.provider) AS provider,
    CASE WHEN held.pool IS NULL THEN given.sub_account_name ELSE held.sub_account_name END AS sub_account_name,
    CASE WHEN held.pool IS NULL THEN given.service_name ELSE held.service_name END AS service_name,
    COALESCE(held.charge_category, given.charge_category) AS charge_category,
    given.method AS method, given.driver AS driver, given.state AS state, given.feature AS feature, given.customer AS customer, given.team AS team,
    given."user" AS "user", given.environment AS environment, given.service AS service, given."release" AS "release", given.model AS model,
    given.weight AS weight, given.amount AS amount, given.before AS before, held.amount AS pool_amount,
    held.pool IS NULL OR abs(held.amount) = held.whole AS alone,
    GREATEST(toInt256(COALESCE(held.whole, CAST(0 AS DECIMAL(38,12))) * 1000000000000), toInt256(1)) AS whole,
    toInt256(COALESCE(held.before, CAST(0 AS DECIMAL(38,12))) * 1000000000000) AS pool_from,
    toInt256((COALESCE(held.before, CAST(0 AS DECIMAL(38,12))) + abs(COALESCE(held.amount, CAST(0 AS DECIMAL(38,12))))) * 1000000000000) AS pool_to,
    toInt256(given.before * 1000000000000) AS share_from,
    toInt256((given.before + abs(given.amount)) * 1000000000000) AS share_to
  FROM share AS given
  LEFT JOIN pot AS held ON held.run = given.run AND held.rule = given.rule AND held.pot = given.pool
) AS told
