-- rollup_ledger: the ledger of a month by day, without user and customer.
-- grain:   one row per day, provider, service, charge category, rule, state, feature, team, environment, service, release,
--          model and currency
-- reads:   share, pot
-- returns: the columns of rollup_ledger
-- Shares that differ in user and customer only, and pools of one service, stand side by side in their pot: what such a range
-- of pools gives to such a range of shares is one cell.
WITH ranges AS (
  SELECT
    "day", pool, rule, currency, state, feature, team, environment, service, "release", model,
    MIN(provider) AS own_provider, MIN(service_name) AS own_service, MIN(charge_category) AS own_category, SUM(amount) AS amount,
    MIN(before) AS before
  FROM share
  WHERE run = $run
  GROUP BY "day", pool, rule, currency, state, feature, team, environment, service, "release", model
), pools AS (
  SELECT
    rule, pot, provider, service_name, charge_category, MIN(before) AS before, SUM(abs(amount)) AS size, MAX(whole) AS whole,
    MIN(amount) < 0 AS is_credit
  FROM pot
  WHERE run = $run
  GROUP BY rule, pot, provider, keys, service_name, charge_category
), met AS (
  SELECT
    r."day" AS "day", COALESCE(p.provider, r.own_provider) AS provider,
    CASE WHEN p.rule IS NULL THEN r.own_service ELSE p.service_name END AS service_name,
    COALESCE(p.charge_category, r.own_category) AS charge_category,
    r.rule AS rule, r.state AS state, r.feature AS feature, r.team AS team, r.environment AS environment, r.service AS service,
    r."release" AS "release", r.model AS model, r.currency AS currency, r.amount AS amount,
    p.rule IS NULL OR p.size = p.whole AS alone, COALESCE(p.is_credit, false) AS is_credit,
    GREATEST(toInt256(COALESCE(p.whole, CAST(0 AS DECIMAL(38,12))) * 1000000000000), toInt256(1)) AS whole,
    toInt256(COALESCE(p.before, CAST(0 AS DECIMAL(38,12))) * 1000000000000) AS pool_from,
    toInt256((COALESCE(p.before, CAST(0 AS DECIMAL(38,12))) + COALESCE(p.size, CAST(0 AS DECIMAL(38,12)))) * 1000000000000) AS pool_to,
    toInt256(r.before * 1000000000000) AS share_from,
    toInt256((r.before + abs(r.amount)) * 1000000000000) AS share_to
  FROM ranges AS r
  LEFT JOIN pools AS p ON p.rule = r.rule AND p.pot = r.pool
)
SELECT
  $run AS run, CAST($month AS DATE) AS month, "day", provider, service_name, charge_category, rule, state,
  feature, team, environment, service, "release", model, currency, SUM(given) AS amount
FROM (
  SELECT
    "day", provider, service_name, charge_category, rule, state, feature, team, environment, service, "release", model, currency,
    CASE
      WHEN alone THEN amount
      ELSE CAST(CAST(CAST(({part store/cell}) * CASE WHEN is_credit THEN -1 ELSE 1 END AS VARCHAR) AS DECIMAL(38,0))
        * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12))
    END AS given
  FROM met
) AS cells
GROUP BY "day", provider, service_name, charge_category, rule, state, feature, team, environment, service, "release", model, currency
