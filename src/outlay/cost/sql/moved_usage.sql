-- moved_usage: what usage costs in one run and in the one that replaces it, where the two differ.
-- grain:   one row per feature, customer, provider, model and currency
-- reads:   rollup_day
-- returns: those dimensions; before, after: usage times price in currency
WITH summed AS (
  SELECT
    feature, customer, provider, model, currency,
    SUM(CASE WHEN run = $replaced THEN estimated_cost ELSE CAST(0 AS DECIMAL(38,12)) END) AS cost_before,
    SUM(CASE WHEN run = $run THEN estimated_cost ELSE CAST(0 AS DECIMAL(38,12)) END) AS cost_after
  FROM rollup_day
  WHERE run IN ($replaced, $run)
  GROUP BY feature, customer, provider, model, currency
)
SELECT feature, customer, provider, model, currency, cost_before AS before, cost_after AS after
FROM summed
WHERE cost_before <> cost_after
ORDER BY ABS(cost_after - cost_before) DESC, feature, customer, provider, model, currency
