-- written_totals: what a FOCUS file holds, read back from the disk.
-- engine:  reader
-- grain:   one row per currency
-- reads:   written
-- returns: currency; rows, charges (distinct); billed in currency
SELECT
  "BillingCurrency" AS currency, COUNT(*) AS rows, COUNT(DISTINCT "x_ChargeId") AS charges,
  SUM(CAST("BilledCost" AS DECIMAL(38,12))) AS billed
FROM written
GROUP BY "BillingCurrency"
ORDER BY currency
