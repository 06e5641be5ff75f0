-- oracle_cost: lines of an Oracle Cloud cost report, as charges.
-- engine:  reader
-- grain:   one row per line of the file
-- reads:   written, with the map labels of its `tags/` columns
-- returns: line and the columns of a charge as text; tags, extra as maps
-- law:     a correction stays a line of its own beside what it corrects; both are summed
-- Times lack their seconds (`2026-10-01T00:00Z`). A correction's usage may be of a month that is closed; it is billed with
-- the month of its usage, because the report does not say on which invoice it stands.
WITH timed AS (
  SELECT *, instant_of(used_from) AS starts_at
  FROM written
)
SELECT
  line,
  'Oracle' AS provider,
  'Oracle' AS publisher_name,
  'Oracle' AS invoice_issuer_name,
  COALESCE(subscription, tenant) AS billing_account_id,
  compartment AS sub_account_id,
  compartment_name AS sub_account_name,
  upper(currency) AS billing_currency,
  COALESCE(CAST(date_trunc('month', starts_at) AS VARCHAR), used_from) AS billing_period_start,
  COALESCE(CAST(CAST(date_trunc('month', starts_at) + INTERVAL 1 MONTH AS TIMESTAMP) AS VARCHAR), used_from) AS billing_period_end,
  used_from AS charge_period_start,
  used_to AS charge_period_end,
  CASE WHEN TRY_CAST(cost AS DECIMAL(38,12)) < 0 AND correction IS NULL THEN 'Credit' ELSE 'Usage' END AS charge_category,
  CASE WHEN lower(correction) = 'true' THEN 'Correction' END AS charge_class,
  'Usage-Based' AS charge_frequency,
  description AS charge_description,
  COALESCE(cost, CASE WHEN unit_price IS NULL OR TRY_CAST(quantity AS DECIMAL(38,12)) = 0 THEN '0' END) AS billed_cost,
  COALESCE(cost, CASE WHEN unit_price IS NULL OR TRY_CAST(quantity AS DECIMAL(38,12)) = 0 THEN '0' END) AS effective_cost,
  unit_price AS contracted_unit_price,
  'Standard' AS pricing_category,
  quantity AS pricing_quantity,
  unit AS pricing_unit,
  quantity AS consumed_quantity,
  unit AS consumed_unit,
  CASE
    WHEN lower(service) IN ('compute', 'oke', 'functions', 'container_instances') THEN 'Compute'
    WHEN lower(service) IN ('block_storage', 'object_storage', 'objectstore', 'file_storage') THEN 'Storage'
    WHEN lower(service) IN ('network', 'load_balancer', 'lbaas', 'virtual_cloud_network', 'fastconnect') THEN 'Networking'
    WHEN lower(service) IN ('database', 'mysql', 'nosql', 'autonomous_database', 'postgresql') THEN 'Databases'
    WHEN contains(lower(service), 'generative') OR contains(lower(service), 'ai_') OR contains(lower(service), 'data_science') THEN 'AI and Machine Learning'
    ELSE 'Other'
  END AS service_category,
  service AS service_name,
  sku AS sku_id,
  meter AS sku_meter,
  resource AS resource_id,
  region AS region_id,
  region AS region_name,
  domain AS availability_zone,
  labels AS tags,
  extra
FROM timed
