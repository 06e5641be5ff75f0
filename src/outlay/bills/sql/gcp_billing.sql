-- gcp_billing: lines of Google Cloud's billing export, standard or detailed, as charges.
-- engine:  reader
-- grain:   one row per line of the file, and one per credit on it
-- reads:   written (nested columns as JSON)
-- returns: line and the columns of a charge as text; tags, extra as maps; refuse, refused
-- law:     cost and credits stay apart: nothing is netted before it is seen, and together they are what Google bills
-- Several charges of one line are told apart by `line_part` in extra: none for the cost, 1 for its first credit.
-- A credit repeats its line's attribution, so that it goes where the usage goes. It has no quantity and no list cost.
-- Google writes amounts in binary floating point, whose digits past the twelfth place are none of the amount's.
-- The invoice's month is not always that of the usage: late usage is billed with a later month.
WITH parsed AS (
  SELECT
    *,
    from_json(TRY_CAST(service AS JSON), '{"id":"VARCHAR","description":"VARCHAR"}') AS service_said,
    from_json(TRY_CAST(sku AS JSON), '{"id":"VARCHAR","description":"VARCHAR"}') AS sku_said,
    from_json(TRY_CAST(project AS JSON), '{"id":"VARCHAR","name":"VARCHAR","labels":[{"key":"VARCHAR","value":"VARCHAR"}]}') AS project_said,
    from_json(TRY_CAST(location AS JSON), '{"location":"VARCHAR","region":"VARCHAR","zone":"VARCHAR"}') AS location_said,
    from_json(TRY_CAST(resource AS JSON), '{"name":"VARCHAR","global_name":"VARCHAR"}') AS resource_said,
    from_json(TRY_CAST(usage AS JSON), '{"amount":"VARCHAR","unit":"VARCHAR","amount_in_pricing_units":"VARCHAR","pricing_unit":"VARCHAR"}') AS usage_said,
    from_json(TRY_CAST(price AS JSON), '{"list_price":"VARCHAR","effective_price":"VARCHAR"}') AS price_said,
    from_json(TRY_CAST(invoice AS JSON), '{"month":"VARCHAR"}') AS invoice_said,
    from_json(TRY_CAST(adjustment AS JSON), '{"id":"VARCHAR","description":"VARCHAR","mode":"VARCHAR","type":"VARCHAR"}') AS adjustment_said,
    TRY_CAST(TRY_CAST(credits AS JSON) AS JSON[]) IS NOT NULL AS has_credits,
    from_json(TRY_CAST(credits AS JSON), '[{"name":"VARCHAR","full_name":"VARCHAR","amount":"VARCHAR","id":"VARCHAR","type":"VARCHAR"}]') AS credit_list,
    from_json(TRY_CAST(labels AS JSON), '[{"key":"VARCHAR","value":"VARCHAR"}]') AS label_list,
    from_json(TRY_CAST(system_labels AS JSON), '[{"key":"VARCHAR","value":"VARCHAR"}]') AS system_list,
    from_json(TRY_CAST(resource_tags AS JSON), '[{"key":"VARCHAR","value":"VARCHAR"}]') AS tag_list,
    from_json(TRY_CAST(project_labels AS JSON), '[{"key":"VARCHAR","value":"VARCHAR"}]') AS project_label_list
  FROM written
),
told AS (
  SELECT
    *,
    COALESCE(service_description, service_said.description, CASE WHEN service_said IS NULL THEN service END) AS service_told,
    COALESCE(sku_description, sku_said.description, CASE WHEN sku_said IS NULL THEN sku END) AS sku_told,
    COALESCE(invoice_month, invoice_said.month) AS month_told,
    COALESCE(adjustment_said.id, '') AS adjustment_id
  FROM parsed
),
maps AS (
  SELECT
    *,
    TRY(map_from_entries(list_transform(list_filter(COALESCE(project_label_list, project_said.labels), lambda e: e."key" IS NOT NULL), lambda e: {'key': e."key", 'value': COALESCE(e."value", '')}))) AS of_project,
    TRY(map_from_entries(list_transform(list_filter(tag_list, lambda e: e."key" IS NOT NULL), lambda e: {'key': e."key", 'value': COALESCE(e."value", '')}))) AS of_tags,
    TRY(map_from_entries(list_transform(list_filter(label_list, lambda e: e."key" IS NOT NULL), lambda e: {'key': e."key", 'value': COALESCE(e."value", '')}))) AS of_labels,
    TRY(map_from_entries(list_transform(list_filter(system_list, lambda e: e."key" IS NOT NULL), lambda e: {'key': e."key", 'value': COALESCE(e."value", '')}))) AS of_system,
    COALESCE(
      CAST(CAST(try_strptime(month_told, '%Y%m') AS DATE) AS VARCHAR), month_told,
      CAST(CAST(date_trunc('month', instant_of(used_from)) AS DATE) AS VARCHAR)) AS month_start
  FROM told
),
parted AS (
  SELECT *, unnest(range(0, 1 + len(COALESCE(credit_list, [])))) AS part
  FROM maps
),
unfolded AS (
  SELECT *, CASE WHEN part > 0 THEN credit_list[part] END AS credit
  FROM parted
),
priced AS (
  SELECT *, CASE WHEN credit IS NULL THEN cost ELSE credit.amount END AS amount
  FROM unfolded
)
SELECT
  line,
  'Google Cloud' AS provider,
  COALESCE(seller, 'Google Cloud') AS publisher_name,
  'Google Cloud' AS invoice_issuer_name,
  account AS billing_account_id,
  COALESCE(project_id, project_said.id) AS sub_account_id,
  COALESCE(project_name, project_said.name, project_id, project_said.id) AS sub_account_name,
  upper(currency) AS billing_currency,
  month_start AS billing_period_start,
  COALESCE(CAST(CAST(TRY_CAST(month_start AS DATE) + INTERVAL 1 MONTH AS DATE) AS VARCHAR), month_start) AS billing_period_end,
  used_from AS charge_period_start,
  used_to AS charge_period_end,
  CASE
    WHEN credit IS NOT NULL THEN 'Credit'
    WHEN lower(cost_type) = 'tax' THEN 'Tax'
    WHEN lower(cost_type) IN ('adjustment', 'rounding_error') THEN 'Adjustment'
    WHEN sku_told LIKE 'Commitment%' THEN 'Purchase'
    ELSE 'Usage'
  END AS charge_category,
  CASE WHEN credit IS NULL AND adjustment_id <> '' THEN 'Correction' END AS charge_class,
  CASE WHEN credit IS NULL AND lower(cost_type) = 'regular' THEN CASE WHEN sku_told LIKE 'Commitment%' THEN 'Recurring' ELSE 'Usage-Based' END ELSE 'One-Time' END AS charge_frequency,
  CASE WHEN credit IS NULL THEN COALESCE(NULLIF(adjustment_said.description, ''), sku_told) ELSE COALESCE(credit.full_name, credit.name, credit.type) END AS charge_description,
  COALESCE(CAST(TRY_CAST(amount AS DECIMAL(38,12)) AS VARCHAR), amount) AS billed_cost,
  COALESCE(CAST(TRY_CAST(amount AS DECIMAL(38,12)) AS VARCHAR), amount) AS effective_cost,
  CASE WHEN credit IS NULL THEN COALESCE(CAST(TRY_CAST(cost_at_list AS DECIMAL(38,12)) AS VARCHAR), cost_at_list) ELSE '0' END AS list_cost,
  CASE WHEN credit IS NULL THEN COALESCE(list_price, price_said.list_price) END AS list_unit_price,
  CASE WHEN credit IS NULL THEN COALESCE(effective_price, price_said.effective_price) END AS contracted_unit_price,
  CASE
    WHEN credit.type LIKE 'COMMITTED_USAGE_DISCOUNT%' OR credit.type = 'FEE_UTILIZATION_OFFSET' THEN 'Committed'
    WHEN credit IS NULL AND (sku_told LIKE 'Spot %' OR sku_told LIKE '%Preemptible%') THEN 'Dynamic'
    WHEN credit IS NULL AND lower(cost_type) = 'regular' THEN 'Standard'
  END AS pricing_category,
  CASE WHEN credit IS NULL THEN COALESCE(pricing_amount, usage_said.amount_in_pricing_units) END AS pricing_quantity,
  CASE WHEN credit IS NULL THEN COALESCE(pricing_unit, usage_said.pricing_unit) END AS pricing_unit,
  CASE WHEN credit IS NULL THEN COALESCE(usage_amount, usage_said.amount) END AS consumed_quantity,
  CASE WHEN credit IS NULL THEN COALESCE(usage_unit, usage_said.unit) END AS consumed_unit,
  CASE
    WHEN regexp_matches(service_told, 'Vertex AI|Gemini|Generative|Cloud (Vision|Natural Language|Speech|Translation|Document AI)|Document AI|Dialogflow|AI Platform|Notebooks') THEN 'AI and Machine Learning'
    WHEN service_told IN ('Compute Engine', 'Kubernetes Engine', 'Cloud Run', 'Cloud Run Functions', 'Cloud Functions', 'App Engine') THEN 'Compute'
    WHEN service_told IN ('Cloud Storage', 'Cloud Filestore', 'Backup for GKE', 'Artifact Registry') THEN 'Storage'
    WHEN service_told IN ('Networking', 'Cloud DNS', 'Cloud CDN', 'Cloud Load Balancing', 'Network Intelligence Center') THEN 'Networking'
    WHEN regexp_matches(service_told, 'Cloud SQL|Spanner|Bigtable|Firestore|Datastore|Memorystore|AlloyDB') THEN 'Databases'
    WHEN regexp_matches(service_told, 'BigQuery|Dataflow|Dataproc|Composer|Looker') THEN 'Analytics'
    WHEN regexp_matches(service_told, 'Logging|Monitoring|Stackdriver|Support') THEN 'Management and Governance'
    WHEN regexp_matches(service_told, 'Security|Key Management|Secret Manager|Armor') THEN 'Security'
    WHEN regexp_matches(service_told, 'Pub/Sub|Cloud Tasks|Eventarc|Workflows') THEN 'Integration'
    WHEN service_told IS NOT NULL THEN 'Other'
  END AS service_category,
  service_told AS service_name,
  COALESCE(sku_id, sku_said.id) AS sku_id,
  sku_told AS sku_meter,
  COALESCE(resource_global_name, resource_said.global_name, resource_name, resource_said.name) AS resource_id,
  COALESCE(resource_name, resource_said.name) AS resource_name,
  COALESCE(location_region, location_said.region) AS region_id,
  COALESCE(location_region, location_said.region, location_said.location) AS region_name,
  COALESCE(location_zone, location_said.zone) AS availability_zone,
  CASE WHEN credit.type LIKE 'COMMITTED_USAGE_DISCOUNT%' OR credit.type = 'FEE_UTILIZATION_OFFSET' THEN COALESCE(credit.id, credit.name) END AS commitment_discount_id,
  CASE WHEN credit.type LIKE 'COMMITTED_USAGE_DISCOUNT%' OR credit.type = 'FEE_UTILIZATION_OFFSET' THEN COALESCE(credit.full_name, credit.name) END AS commitment_discount_name,
  CASE
    WHEN credit.type = 'COMMITTED_USAGE_DISCOUNT' THEN 'Usage'
    WHEN credit.type IN ('COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE', 'FEE_UTILIZATION_OFFSET') THEN 'Spend'
  END AS commitment_discount_category,
  map_concat(COALESCE(of_project, MAP {}), COALESCE(of_tags, MAP {}), COALESCE(of_labels, MAP {})) AS tags,
  map_concat(extra, COALESCE(of_system, MAP {}), map_from_entries(list_filter([
    {'key': 'cost_type', 'value': cost_type}, {'key': 'line_part', 'value': CASE WHEN part > 0 THEN CAST(part AS VARCHAR) END},
    {'key': 'credit_type', 'value': credit.type}, {'key': 'credit_id', 'value': credit.id}, {'key': 'credit_name', 'value': credit.name},
    {'key': 'adjustment_id', 'value': NULLIF(adjustment_id, '')}, {'key': 'adjustment_mode', 'value': adjustment_said.mode}, {'key': 'adjustment_type', 'value': adjustment_said.type},
    {'key': 'labels', 'value': CASE WHEN of_labels IS NULL THEN labels END},
    {'key': 'location', 'value': CASE WHEN credit IS NULL THEN location_said.location END}
  ], lambda e: e.value IS NOT NULL))) AS extra,
  CASE
    WHEN credits IS NOT NULL AND NOT has_credits THEN 'bad-credits'
    WHEN lower(cost_type) NOT IN ('regular', 'tax', 'adjustment', 'rounding_error') THEN 'unknown-cost-type'
  END AS refuse,
  CASE WHEN credits IS NOT NULL AND NOT has_credits THEN credits ELSE cost_type END AS refused
FROM priced
