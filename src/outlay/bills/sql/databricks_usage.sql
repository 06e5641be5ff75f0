-- databricks_usage: records of Databricks' billable usage at their prices, as charges.
-- engine:  reader
-- grain:   one row per line of the file
-- reads:   written (nested columns as JSON), with the map labels; setting('prices'): a JSON list of prices that never
--          overlap, amounts of at most 10 places; setting('currency')
-- returns: line and the columns of a charge as text; tags, extra as maps; refuse, refused
-- law:     no price is never zero: usage without one is a problem, whatever its quantity
-- A retraction has the negative quantity of what it takes back, so all kinds of records are simply added up.
-- Identities and names of jobs join the tags with a `databricks:` before them, because owners go by those.
WITH price AS (
  SELECT
    p.sku AS sku, p.cloud AS cloud, p.unit AS unit, CAST(p.starts_at AS TIMESTAMP) AS starts_at, CAST(p.ends_at AS TIMESTAMP) AS ends_at,
    CAST(p.listed AS DECIMAL(18,10)) AS listed, CAST(p.paid AS DECIMAL(18,10)) AS paid
  FROM (
    SELECT unnest(from_json(setting('prices'), '[{"sku":"VARCHAR","cloud":"VARCHAR","unit":"VARCHAR","starts_at":"VARCHAR","ends_at":"VARCHAR","listed":"VARCHAR","paid":"VARCHAR"}]')) AS p
  )
),
told AS (
  SELECT
    *,
    instant_of(used_from) AS starts, TRY_CAST(used AS DECIMAL(38,18)) AS amount_used, upper(record_type) AS kind,
    TRY_CAST(metadata AS JSON) AS about, TRY_CAST(identity AS JSON) AS who, TRY_CAST(features AS JSON) AS feature_json
  FROM written
),
priced AS (
  SELECT
    t.*, p.listed AS listed, p.paid AS paid,
    TRY(CAST(t.amount_used * p.listed AS DECIMAL(38,12))) AS list_amount,
    TRY(CAST(t.amount_used * p.paid AS DECIMAL(38,12))) AS paid_amount
  FROM told AS t
  LEFT JOIN price AS p ON p.sku = t.sku
    AND p.cloud = upper(COALESCE(t.cloud, '')) AND p.unit = upper(t.unit)
    AND t.starts >= p.starts_at AND t.starts < p.ends_at
)
SELECT
  line,
  'Databricks' AS provider,
  'Databricks' AS publisher_name,
  'Databricks' AS invoice_issuer_name,
  account AS billing_account_id,
  workspace AS sub_account_id,
  setting('currency') AS billing_currency,
  COALESCE(CAST(CAST(date_trunc('month', starts) AS DATE) AS VARCHAR), used_from) AS billing_period_start,
  COALESCE(CAST(CAST(date_trunc('month', starts) + INTERVAL 1 MONTH AS DATE) AS VARCHAR), used_from) AS billing_period_end,
  used_from AS charge_period_start,
  used_to AS charge_period_end,
  'Usage' AS charge_category,
  CASE WHEN kind IN ('RETRACTION', 'RESTATEMENT') THEN 'Correction' END AS charge_class,
  'Usage-Based' AS charge_frequency,
  sku AS charge_description,
  CAST(paid_amount AS VARCHAR) AS billed_cost,
  CAST(paid_amount AS VARCHAR) AS effective_cost,
  CAST(list_amount AS VARCHAR) AS list_cost,
  CAST(paid_amount AS VARCHAR) AS contracted_cost,
  CAST(listed AS VARCHAR) AS list_unit_price,
  CAST(paid AS VARCHAR) AS contracted_unit_price,
  'Standard' AS pricing_category,
  used AS pricing_quantity,
  unit AS pricing_unit,
  used AS consumed_quantity,
  unit AS consumed_unit,
  CASE
    WHEN product IN ('MODEL_SERVING', 'VECTOR_SEARCH', 'FOUNDATION_MODEL_TRAINING', 'AI_GATEWAY', 'AI_FUNCTIONS', 'AI_RUNTIME', 'AGENT_EVALUATION', 'AGENT_BRICKS', 'GENIE') THEN 'AI and Machine Learning'
    WHEN product IN ('LAKEBASE', 'DATABASE', 'ONLINE_TABLES') THEN 'Databases'
    WHEN product IN ('NETWORKING') THEN 'Networking'
    WHEN product IN ('DEFAULT_STORAGE') THEN 'Storage'
    ELSE 'Analytics'
  END AS service_category,
  COALESCE(product, sku) AS service_name,
  sku AS sku_id,
  COALESCE(usage_type, unit) AS sku_meter,
  COALESCE(
    about ->> '$.job_id', about ->> '$.warehouse_id', about ->> '$.endpoint_id', about ->> '$.dlt_pipeline_id', about ->> '$.app_id',
    about ->> '$.database_instance_id', about ->> '$.notebook_id', about ->> '$.cluster_id', about ->> '$.instance_pool_id') AS resource_id,
  COALESCE(about ->> '$.job_name', about ->> '$.endpoint_name', about ->> '$.app_name', about ->> '$.notebook_path') AS resource_name,
  CASE
    WHEN about ->> '$.job_id' IS NOT NULL THEN 'job' WHEN about ->> '$.warehouse_id' IS NOT NULL THEN 'warehouse'
    WHEN about ->> '$.endpoint_id' IS NOT NULL THEN 'endpoint' WHEN about ->> '$.dlt_pipeline_id' IS NOT NULL THEN 'pipeline'
    WHEN about ->> '$.app_id' IS NOT NULL THEN 'app' WHEN about ->> '$.database_instance_id' IS NOT NULL THEN 'database'
    WHEN about ->> '$.notebook_id' IS NOT NULL THEN 'notebook' WHEN about ->> '$.cluster_id' IS NOT NULL THEN 'cluster'
    WHEN about ->> '$.instance_pool_id' IS NOT NULL THEN 'instance_pool'
  END AS resource_type,
  map_concat(
    map_from_entries(list_filter([
      {'key': 'databricks:run_as', 'value': who ->> '$.run_as'}, {'key': 'databricks:created_by', 'value': who ->> '$.created_by'},
      {'key': 'databricks:owned_by', 'value': who ->> '$.owned_by'}, {'key': 'databricks:job_name', 'value': about ->> '$.job_name'},
      {'key': 'databricks:job_id', 'value': about ->> '$.job_id'}, {'key': 'databricks:warehouse_id', 'value': about ->> '$.warehouse_id'},
      {'key': 'databricks:endpoint_name', 'value': about ->> '$.endpoint_name'}, {'key': 'databricks:notebook_path', 'value': about ->> '$.notebook_path'}
    ], lambda e: e.value IS NOT NULL)),
    COALESCE(labels, MAP {})
  ) AS tags,
  map_concat(
    extra,
    CASE WHEN metadata IS NOT NULL THEN MAP {'usage_metadata': metadata} ELSE MAP {} END,
    CASE WHEN record_type IS NOT NULL THEN MAP {'record_type': record_type} ELSE MAP {} END,
    CASE WHEN cloud IS NOT NULL THEN MAP {'cloud': cloud} ELSE MAP {} END,
    CASE WHEN features IS NOT NULL THEN MAP {'product_features': features} ELSE MAP {} END
  ) AS extra,
  CASE
    WHEN kind NOT IN ('ORIGINAL', 'RETRACTION', 'RESTATEMENT') THEN 'unknown-record-type'
    WHEN amount_used IS NULL THEN 'bad-quantity'
    WHEN starts IS NOT NULL AND listed IS NULL THEN 'unpriced'
    WHEN starts IS NOT NULL AND paid_amount IS NULL THEN 'bad-quantity'
  END AS refuse,
  CASE
    WHEN kind NOT IN ('ORIGINAL', 'RETRACTION', 'RESTATEMENT') THEN record_type
    WHEN amount_used IS NULL OR listed IS NOT NULL THEN used
    ELSE used || ' ' || unit || ' of ' || sku || COALESCE(' on ' || cloud, '')
  END AS refused
FROM priced
