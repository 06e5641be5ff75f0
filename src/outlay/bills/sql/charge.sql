-- charge: the good lines of a bill, as charges.
-- engine:  reader
-- grain:   one row per good line
-- reads:   checked
-- returns: the columns of charge
-- law:     money is never lost for the sake of a label: tags that cannot be read stay as text in extra['tags']
-- Tags are rewritten only where a key is padded or a value is null; most rows keep the map as it was read.
SELECT
  $take_in AS take_in, CAST($file AS BIGINT) AS file, line,
  provider, publisher_name, invoice_issuer_name, invoice_id, billing_account_id,
  billing_account_name, sub_account_id, sub_account_name, billing_currency, billing_period_start,
  billing_period_end, charge_period_start, charge_period_end, charge_category, charge_class,
  charge_frequency, charge_description, billed_cost, effective_cost, list_cost,
  contracted_cost, net_cost, net_effective_cost, list_unit_price, contracted_unit_price, pricing_category, pricing_quantity,
  pricing_unit, consumed_quantity, consumed_unit, service_category, service_subcategory,
  service_name, sku_id, sku_meter, sku_price_id, resource_id,
  resource_name, resource_type, region_id, region_name, availability_zone,
  commitment_discount_id, commitment_discount_name, commitment_discount_category, commitment_discount_type, commitment_discount_status,
  CASE
    WHEN tags IS NULL THEN MAP {}
    WHEN contains(raw_tags, '{" ') OR contains(raw_tags, ', " ') OR contains(raw_tags, '," ') OR contains(raw_tags, ' ":') OR contains(raw_tags, 'null') THEN COALESCE(TRY(map_from_entries(list_transform(
      map_entries(tags), lambda e: {'key': trim(e.key), 'value': COALESCE(e.value, '')}))), MAP {'tags': raw_tags})
    ELSE tags
  END AS tags,
  CASE WHEN tags IS NULL AND raw_tags IS NOT NULL THEN map_concat(extra, MAP {'tags': raw_tags}) ELSE extra END AS extra
FROM checked
WHERE skip IS NULL AND wrong_column IS NULL AND charge_period_start >= $only_from AND charge_period_start < $only_to
