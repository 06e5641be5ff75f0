-- export_charges: made-up lines of October as a cloud writes them, 27 columns filled; two in three say who caused them, the others are shared.
INSERT INTO charge (take_in, file, line, provider, publisher_name, invoice_issuer_name, invoice_id, billing_account_id, billing_account_name,
  billing_currency, billing_period_start, billing_period_end, charge_period_start, charge_period_end, charge_category, charge_description,
  billed_cost, effective_cost, list_cost, contracted_cost, pricing_category, pricing_quantity, pricing_unit, consumed_quantity, consumed_unit,
  sub_account_id, sub_account_name, service_category, service_name, sku_id, sku_meter, resource_id, region_id, tags, extra)
SELECT
  'bench', 1, i, 'AWS', 'AWS', 'Amazon Web Services, Inc.', 'i-7', '123456789012', 'Example Company', 'USD', TIMESTAMP '2026-10-01', TIMESTAMP '2026-11-01',
  TIMESTAMP '2026-10-01' + INTERVAL ((hash(i + 5) % 744)) HOUR, TIMESTAMP '2026-10-01 01:00:00' + INTERVAL ((hash(i + 5) % 744)) HOUR,
  CASE WHEN i % 97 = 0 THEN 'Credit' ELSE 'Usage' END, '$0.0' || hash(i) % 97 || ' per GB - data transfer out / month, tier ' || hash(i) % 5,
  CAST(hash(i) % 1000000 AS DECIMAL(38,12)) * CAST('0.000001' AS DECIMAL(12,6)) * CASE WHEN i % 97 = 0 THEN -1 ELSE 1 END,
  CAST(hash(i) % 900000 AS DECIMAL(38,12)) * CAST('0.000001' AS DECIMAL(12,6)),
  CAST(hash(i) % 1000000 AS DECIMAL(38,12)) * CAST('0.000001' AS DECIMAL(12,6)),
  CAST(hash(i) % 1000000 AS DECIMAL(38,12)) * CAST('0.000001' AS DECIMAL(12,6)), 'Standard', CAST(hash(i) % 3000 AS DECIMAL(38,15)) * CAST('0.01' AS DECIMAL(4,2)), 'GB',
  CAST(hash(i) % 3000 AS DECIMAL(38,15)) * CAST('0.01' AS DECIMAL(4,2)), 'GB',
  '20000000000' || hash(i) % 10, 'account-' || hash(i) % 10, 'Compute', 'service-' || hash(i + 3) % 20, 'sku-' || hash(i) % 300, 'USE1-BoxUsage:m' || hash(i) % 40,
  'arn:aws:ec2:us-east-1:20000000000:instance/i-0' || hash(i) % 100000, 'us-east-1',
  CASE WHEN i % 3 < 2 THEN MAP {'feature': 'area.feature-' || hash(i + 9) % 60, 'environment': 'production', 'cost-center': 'cc-' || hash(i) % 50}
    ELSE MAP {'environment': 'production'} END, MAP {'line_item_operation': 'RunInstances'}
FROM range(1, $charges + 1) AS t(i)
