-- control_costs: what the file itself says it holds, its other costs with it.
-- engine:  reader
-- grain:   as control
-- reads:   incoming
-- returns: as control; effective_cost, list_cost, contracted_cost, net_cost, net_effective_cost: sums at 18 decimal
--          places, unreadable ones left out
SELECT
  provider, billing_account_id, instant_of(written) AS billing_period_start, billing_currency, skip, lines,
  control_total, effective_cost, list_cost, contracted_cost, net_cost, net_effective_cost
FROM (
  SELECT
    provider, billing_account_id, billing_period_start AS written, billing_currency,
    CASE WHEN billed_cost IS NULL OR TRY_CAST(billed_cost AS DECIMAL(38,12)) IS NOT NULL THEN skip END AS skip,
    COUNT(*) AS lines,
    SUM(TRY_CAST(billed_cost AS DECIMAL(38,18))) AS control_total,
    SUM(TRY_CAST(effective_cost AS DECIMAL(38,18))) AS effective_cost,
    SUM(TRY_CAST(list_cost AS DECIMAL(38,18))) AS list_cost,
    SUM(TRY_CAST(contracted_cost AS DECIMAL(38,18))) AS contracted_cost,
    SUM(TRY_CAST(net_cost AS DECIMAL(38,18))) AS net_cost,
    SUM(TRY_CAST(net_effective_cost AS DECIMAL(38,18))) AS net_effective_cost
  FROM incoming
  GROUP BY ALL
)
