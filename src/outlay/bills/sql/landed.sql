-- landed: what an import put into the store, by partition.
-- grain:   one row per provider, billing account, billing period and currency
-- reads:   charge
-- returns: those four; first_day, last_day of its charges; lines; billed_cost in that currency
SELECT
  provider, billing_account_id, billing_period_start, billing_currency,
  CAST(MIN(charge_period_start) AS DATE) AS first_day,
  CAST(MAX(charge_period_start) AS DATE) AS last_day,
  COUNT(*) AS lines,
  SUM(billed_cost) AS billed_cost
FROM charge
WHERE take_in = $take_in
GROUP BY provider, billing_account_id, billing_period_start, billing_currency
ORDER BY provider, billing_account_id, billing_period_start, billing_currency
