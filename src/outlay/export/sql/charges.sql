-- charges: the charges of a period as they were billed.
-- grain:   one row per charge
-- reads:   current_charge
-- returns: the columns of a charge; reporting_pico: what was billed in 1e-12 of the reporting currency, NULL without a rate
-- $long: 1 for charges of several days of the month, which ends at $ends_at, 0 for those of one; $rates: see exchange/rates; a charge longer than a day is converted at its first day's rate
WITH rates AS (
  {part exchange/rates}
)
SELECT
  c.take_in AS take_in, c.file AS file, c.line AS line, COALESCE(c.extra['line_part'], '') AS part, c.provider AS provider, c.publisher_name AS publisher_name, c.invoice_issuer_name AS invoice_issuer_name, c.invoice_id AS invoice_id, c.billing_account_id AS billing_account_id, c.billing_account_name AS billing_account_name, c.sub_account_id AS sub_account_id, c.sub_account_name AS sub_account_name, c.billing_currency AS billing_currency, c.billing_period_start AS billing_period_start, c.billing_period_end AS billing_period_end, c.charge_period_start AS charge_period_start, c.charge_period_end AS charge_period_end, c.charge_category AS charge_category, c.charge_class AS charge_class, c.charge_frequency AS charge_frequency, c.charge_description AS charge_description, c.list_unit_price AS list_unit_price, c.contracted_unit_price AS contracted_unit_price, c.pricing_category AS pricing_category, c.pricing_unit AS pricing_unit, c.consumed_unit AS consumed_unit, c.service_category AS service_category, c.service_subcategory AS service_subcategory, c.service_name AS service_name, c.sku_id AS sku_id, c.sku_meter AS sku_meter, c.sku_price_id AS sku_price_id, c.resource_id AS resource_id, c.resource_name AS resource_name, c.resource_type AS resource_type, c.region_id AS region_id, c.region_name AS region_name, c.availability_zone AS availability_zone, c.commitment_discount_id AS commitment_discount_id, c.commitment_discount_name AS commitment_discount_name, c.commitment_discount_category AS commitment_discount_category, c.commitment_discount_type AS commitment_discount_type, c.commitment_discount_status AS commitment_discount_status, c.tags AS tags, c.extra AS extra,
  c.billed_cost AS billed_cost, c.effective_cost AS effective_cost, c.list_cost AS list_cost, c.contracted_cost AS contracted_cost,
  c.net_cost AS net_cost, c.net_effective_cost AS net_effective_cost, c.pricing_quantity AS pricing_quantity, c.consumed_quantity AS consumed_quantity,
  CASE WHEN r.rate_atto IS NOT NULL THEN toDecimal128(intDiv(intDiv(toInt256(c.billed_cost * 1000000000000), 1000000000000) * r.rate_atto + intDiv((toInt256(c.billed_cost * 1000000000000) % 1000000000000) * r.rate_atto, 1000000000000) + CASE WHEN c.billed_cost < 0 THEN -500000 ELSE 500000 END, 1000000), 0) END AS reporting_pico
FROM current_charge AS c
LEFT JOIN rates AS r ON r.rate_day = CAST(c.charge_period_start AS DATE) AND r.rate_currency = c.billing_currency
WHERE c.charge_period_start >= $only_from AND c.charge_period_start < $only_to
  AND (dateDiff('day', CAST(c.charge_period_start AS DATE),
    LEAST(CAST(c.charge_period_end - INTERVAL 1 MICROSECOND AS DATE) + INTERVAL 1 DAY, CAST($ends_at AS TIMESTAMP))) > 1) = ($long = 1)
