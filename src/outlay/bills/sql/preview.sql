-- preview: the first charges of an import.
-- grain:   one row per charge
-- reads:   charge
-- returns: the columns of charge that say what it is for and what it costs; the first $most
SELECT
  file, line, provider, billing_account_id, sub_account_id, billing_currency, billing_period_start, billing_period_end,
  charge_period_start, charge_period_end, charge_category, charge_class, charge_description, billed_cost,
  effective_cost, list_cost, contracted_cost, consumed_quantity, consumed_unit, service_name, resource_id, region_id,
  tags, extra
FROM charge
WHERE take_in = $take_in
ORDER BY file, line
LIMIT $most
