-- bill_line: what of a charge `c` tells which usage it pays for, gathered.
-- grain:   the select list of a query that groups by its first 16 columns
-- reads:   nothing by itself; `names` as `n`
-- returns: where it belongs, then sums: cost; lines; consumed, priced: quantities in their own units
COALESCE(n.usage_provider, lower(c.provider)) AS bill_provider, CAST(c.charge_period_start AS DATE) AS bill_day,
GREATEST(1, dateDiff('day', CAST(c.charge_period_start AS DATE),
  CAST(c.charge_period_end - INTERVAL 1 MICROSECOND AS DATE) + INTERVAL 1 DAY)) AS days,
c.billing_currency AS bill_currency, c.charge_category AS category, COALESCE(c.charge_class, '') AS class,
COALESCE(c.sub_account_id, '') AS account_id, COALESCE(c.sub_account_name, '') AS account_name,
CASE WHEN c.charge_category = 'Usage' THEN COALESCE(c.resource_id, '') ELSE '' END AS resource,
CASE WHEN c.charge_category = 'Usage' THEN COALESCE(c.sku_id, '') ELSE '' END AS sku,
CASE WHEN c.charge_category = 'Usage' THEN COALESCE(c.sku_meter, '') ELSE '' END AS meter,
CASE WHEN c.charge_category = 'Usage' THEN COALESCE(c.charge_description, '') ELSE '' END AS description,
COALESCE(c.consumed_unit, '') AS unit_consumed, COALESCE(c.pricing_unit, '') AS unit_priced,
CASE WHEN c.consumed_quantity IS NULL THEN 0 ELSE 1 END AS is_consumed,
CASE WHEN c.pricing_quantity IS NULL THEN 0 ELSE 1 END AS is_priced,
SUM(c.billed_cost) AS cost, COUNT(*) AS lines,
SUM(COALESCE(c.consumed_quantity, CAST(0 AS DECIMAL(38,15)))) AS consumed,
SUM(COALESCE(c.pricing_quantity, CAST(0 AS DECIMAL(38,15)))) AS priced
