-- charges: made-up hourly lines of two months.
INSERT INTO charge (take_in, file, line, provider, billing_account_id, sub_account_name, billing_currency, billing_period_start, billing_period_end,
  charge_period_start, charge_period_end, charge_category, billed_cost, consumed_quantity, consumed_unit, service_category, service_name, resource_id, tags, extra)
SELECT
  'bench', 1, i, CASE WHEN i % 50 = 0 THEN 'OpenAI' WHEN i % 50 = 1 THEN 'Anthropic' ELSE 'AWS' END, 'acct', CASE WHEN i % 50 < 2 THEN 'production' ELSE 'account-' || CAST(i % 3 AS VARCHAR) END, 'USD',
  TIMESTAMP '2026-09-01' + to_months(CAST(h >= 720 AS INTEGER)), TIMESTAMP '2026-10-01' + to_months(CAST(h >= 720 AS INTEGER)),
  TIMESTAMP '2026-09-01' + to_hours(h), TIMESTAMP '2026-09-01' + to_hours(h + 1),
  CASE WHEN hash(i) % 100 = 0 THEN 'Credit' ELSE 'Usage' END,
  CASE WHEN hash(i) % 100 = 0 THEN -1 ELSE 1 END * CAST(CAST(hash(i + 5) % 100000000 AS BIGINT) AS DECIMAL(18,0)) * CAST('0.000000001' AS DECIMAL(12,12)),
  1, 'Hrs', CASE WHEN i % 50 < 2 THEN 'AI and Machine Learning' ELSE 'Compute' END,
  CASE WHEN i % 50 < 2 THEN 'Model API' ELSE 'product-' || CAST(i % 17 AS VARCHAR) END,
  CASE WHEN i % 50 = 0 THEN 'gpt-4o' WHEN i % 50 = 1 THEN 'claude-sonnet-4-5' ELSE 'i-' || CAST(i % 900 AS VARCHAR) END,
  CASE WHEN hash(i + 9) % 8 = 0 THEN MAP {} ELSE MAP {'service': 'service-' || CAST(i % 12 AS VARCHAR), 'team': 'team' || CAST(i % 5 AS VARCHAR)} END, MAP {}
FROM (SELECT i, CAST(i * 1464 // $charges AS BIGINT) AS h FROM range($charges) AS t(i))
