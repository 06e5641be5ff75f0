-- charges: the charges of a period as they were billed, with the columns that their parts have.
-- grain:   one row per charge
-- reads:   current_charge
-- returns: the columns of export/shares; nobody has a part
-- $rates:  see exchange/rates; a charge longer than a day is converted at its first day's rate
WITH rates AS (
  {part exchange/rates}
)
SELECT
  c.take_in AS take_in, c.file AS file, c.line AS line, c.provider AS provider, c.publisher_name AS publisher_name, c.invoice_issuer_name AS invoice_issuer_name, c.invoice_id AS invoice_id, c.billing_account_id AS billing_account_id, c.billing_account_name AS billing_account_name, c.sub_account_id AS sub_account_id, c.sub_account_name AS sub_account_name, c.billing_currency AS billing_currency, c.billing_period_start AS billing_period_start, c.billing_period_end AS billing_period_end, c.charge_period_start AS charge_period_start, c.charge_period_end AS charge_period_end, c.charge_category AS charge_category, c.charge_class AS charge_class, c.charge_frequency AS charge_frequency, c.charge_description AS charge_description, c.list_unit_price AS list_unit_price, c.contracted_unit_price AS contracted_unit_price, c.pricing_category AS pricing_category, c.pricing_unit AS pricing_unit, c.consumed_unit AS consumed_unit, c.service_category AS service_category, c.service_subcategory AS service_subcategory, c.service_name AS service_name, c.sku_id AS sku_id, c.sku_meter AS sku_meter, c.sku_price_id AS sku_price_id, c.resource_id AS resource_id, c.resource_name AS resource_name, c.resource_type AS resource_type, c.region_id AS region_id, c.region_name AS region_name, c.availability_zone AS availability_zone, c.commitment_discount_id AS commitment_discount_id, c.commitment_discount_name AS commitment_discount_name, c.commitment_discount_category AS commitment_discount_category, c.commitment_discount_type AS commitment_discount_type, c.commitment_discount_status AS commitment_discount_status, c.tags AS tags, c.extra AS extra,
  c.billed_cost AS whole_cost, toDecimal128(toInt256(c.billed_cost * 1000000000000), 0) AS billed_pico,
  toDecimal128(toInt256(c.effective_cost * 1000000000000), 0) AS effective_pico, toDecimal128(toInt256(c.list_cost * 1000000000000), 0) AS list_pico,
  toDecimal128(toInt256(c.contracted_cost * 1000000000000), 0) AS contracted_pico,
  toDecimal128(toInt256(floor(c.pricing_quantity)) * 1000000000000000 + toInt256((c.pricing_quantity - floor(c.pricing_quantity)) * 1000000000000000), 0) AS pricing_femto,
  toDecimal128(toInt256(floor(c.consumed_quantity)) * 1000000000000000 + toInt256((c.consumed_quantity - floor(c.consumed_quantity)) * 1000000000000000), 0) AS consumed_femto,
  CAST(NULL AS VARCHAR) AS ratio, CAST(NULL AS VARCHAR) AS rule, CAST(NULL AS VARCHAR) AS rule_version, CAST(NULL AS VARCHAR) AS method, CAST(NULL AS VARCHAR) AS driver,
  CAST(NULL AS VARCHAR) AS state, CAST(NULL AS VARCHAR) AS own_feature, CAST(NULL AS VARCHAR) AS own_customer, CAST(NULL AS VARCHAR) AS own_team, CAST(NULL AS VARCHAR) AS own_user, CAST(NULL AS VARCHAR) AS own_environment, CAST(NULL AS VARCHAR) AS own_service, CAST(NULL AS VARCHAR) AS own_release, CAST(NULL AS VARCHAR) AS own_model,
  CASE WHEN r.rate_atto IS NOT NULL THEN toDecimal128(intDiv(intDiv(toInt256(c.billed_cost * 1000000000000), 1000000000000) * r.rate_atto + intDiv((toInt256(c.billed_cost * 1000000000000) % 1000000000000) * r.rate_atto, 1000000000000) + CASE WHEN c.billed_cost < 0 THEN -500000 ELSE 500000 END, 1000000), 0) END AS reporting_pico
FROM current_charge AS c
LEFT JOIN rates AS r ON r.rate_day = CAST(c.charge_period_start AS DATE) AND r.rate_currency = c.billing_currency
WHERE c.charge_period_start >= $only_from AND c.charge_period_start < $only_to
