-- moved_shares: what the ledger gives in one run and in the one that replaces it, where the two differ.
-- grain:   one row per feature, customer and currency
-- reads:   rollup_ledger_month
-- returns: those dimensions; before, after: billed cost in currency
WITH summed AS (
  SELECT
    feature, customer, currency,
    SUM(CASE WHEN run = $replaced THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS cost_before,
    SUM(CASE WHEN run = $run THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS cost_after
  FROM rollup_ledger_month
  WHERE run IN ($replaced, $run)
  GROUP BY feature, customer, currency
)
SELECT feature, customer, currency, cost_before AS before, cost_after AS after
FROM summed
WHERE cost_before <> cost_after
ORDER BY ABS(cost_after - cost_before) DESC, feature, customer, currency
