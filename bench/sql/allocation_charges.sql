-- allocation_charges: made-up lines of October, by 10 accounts and 20 services; one in 50 is tax, one in 97 a credit.
INSERT INTO charge (take_in, file, line, provider, billing_account_id, billing_currency, billing_period_start, billing_period_end,
  charge_period_start, charge_period_end, charge_category, billed_cost, consumed_quantity, sub_account_name, service_category,
  service_name, resource_id, tags, extra)
SELECT
  'bench', 1, i, 'AWS', '1', 'USD', TIMESTAMP '2026-10-01', TIMESTAMP '2026-11-01',
  TIMESTAMP '2026-10-01' + INTERVAL ((i * 744) // $charges) HOUR, TIMESTAMP '2026-10-01 01:00:00' + INTERVAL ((i * 744) // $charges) HOUR,
  CASE WHEN i % 50 = 0 THEN 'Tax' WHEN i % 97 = 0 THEN 'Credit' ELSE 'Usage' END,
  CAST(hash(i) % 1000000 AS DECIMAL(38,12)) * CAST('0.000001' AS DECIMAL(12,6)) * CASE WHEN i % 97 = 0 THEN -1 ELSE 1 END, 1,
  'account-' || hash(i) % 10, 'Compute', 'service-' || hash(i + 3) % 20, 'res-' || hash(i) % 100000,
  MAP {'service': 's-' || hash(i + 7) % 30, 'environment': CASE WHEN i % 7 = 0 THEN 'staging' ELSE 'production' END}, MAP {}
FROM range(1, $charges + 1) AS t(i)
