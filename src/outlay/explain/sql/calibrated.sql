-- calibrated: what features cost once usage times price is scaled to the invoices, and how sure that is.
-- grain:   one row per feature and currency
-- reads:   calibrated_cost, current_run
-- returns: feature; currency; estimated, calibrated, low, high in currency, over the whole months of a period
SELECT
  feature, currency, SUM(estimated) AS estimated, SUM(calibrated) AS calibrated, SUM(low) AS low, SUM(high) AS high
FROM calibrated_cost
WHERE run IN (SELECT run FROM current_run) AND month < CAST($end AS DATE) AND month >= CAST($first AS DATE){where}
GROUP BY feature, currency
ORDER BY SUM(calibrated) DESC, feature, currency
