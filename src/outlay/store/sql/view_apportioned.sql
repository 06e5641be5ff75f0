-- apportioned: shares by pool.
-- grain:   one row per run, pool and attribution
-- reads:   share, pot
-- returns: the columns of share, with the pool's own number, provider, sub account, service and charge category; amount:
--          the pool's part of the share
-- law:     the rows of a pool sum to it, and those of a share to it
-- A pot that holds one pool only needs no telling apart.
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
    s.run AS run, s.month AS month, s."day" AS "day", COALESCE(p.pool, s.pool) AS pool, s.rule AS rule, s.currency AS currency,
    COALESCE(p.provider, s.provider) AS provider,
    CASE WHEN p.pool IS NULL THEN s.sub_account_name ELSE p.sub_account_name END AS sub_account_name,
    CASE WHEN p.pool IS NULL THEN s.service_name ELSE p.service_name END AS service_name,
    COALESCE(p.charge_category, s.charge_category) AS charge_category,
    s.method AS method, s.driver AS driver, s.state AS state, s.feature AS feature, s.customer AS customer, s.team AS team,
    s."user" AS "user", s.environment AS environment, s.service AS service, s."release" AS "release", s.model AS model,
    s.weight AS weight, s.amount AS amount, s.before AS before, p.amount AS pool_amount,
    p.pool IS NULL OR abs(p.amount) = p.whole AS alone,
    GREATEST(toInt256(COALESCE(p.whole, CAST(0 AS DECIMAL(38,12))) * 1000000000000), toInt256(1)) AS whole,
    toInt256(COALESCE(p.before, CAST(0 AS DECIMAL(38,12))) * 1000000000000) AS pool_from,
    toInt256((COALESCE(p.before, CAST(0 AS DECIMAL(38,12))) + abs(COALESCE(p.amount, CAST(0 AS DECIMAL(38,12))))) * 1000000000000) AS pool_to,
    toInt256(s.before * 1000000000000) AS share_from,
    toInt256((s.before + abs(s.amount)) * 1000000000000) AS share_to
  FROM share AS s
  LEFT JOIN pot AS p ON p.run = s.run AND p.rule = s.rule AND p.pot = s.pool
) AS told
