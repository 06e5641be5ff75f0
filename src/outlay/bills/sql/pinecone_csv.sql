-- pinecone_csv: lines of the usage report of Pinecone's console, as charges.
-- engine:  reader
-- grain:   one row per line of the file
-- reads:   written, with the map labels; setting('currency'), setting('account')
-- returns: line and the columns of a charge as text; tags, extra as maps
-- Days are UTC. A report that says from when to when a line is says it with both days; else a line is of one day.
WITH told AS (
  SELECT
    *,
    COALESCE(CAST(TRY_CAST(used_on AS TIMESTAMP) AS DATE), CAST(try_strptime(used_on, '%m/%d/%Y') AS DATE)) AS day,
    COALESCE(CAST(TRY_CAST(used_until AS TIMESTAMP) AS DATE), CAST(try_strptime(used_until, '%m/%d/%Y') AS DATE)) AS last_day,
    lower(COALESCE(sku, product, '')) AS meter
  FROM written
)
SELECT
  line,
  'Pinecone' AS provider,
  'Pinecone' AS publisher_name,
  'Pinecone' AS invoice_issuer_name,
  COALESCE(organization, organization_name, setting('account')) AS billing_account_id,
  organization_name AS billing_account_name,
  COALESCE(project, project_name) AS sub_account_id,
  COALESCE(project_name, project) AS sub_account_name,
  upper(COALESCE(currency, setting('currency'))) AS billing_currency,
  COALESCE(CAST(CAST(date_trunc('month', day) AS DATE) AS VARCHAR), used_on) AS billing_period_start,
  COALESCE(CAST(CAST(date_trunc('month', day) + INTERVAL 1 MONTH AS DATE) AS VARCHAR), used_on) AS billing_period_end,
  COALESCE(CAST(day AS VARCHAR), used_on) AS charge_period_start,
  COALESCE(CASE WHEN used_until IS NULL THEN CAST(day + 1 AS VARCHAR) ELSE COALESCE(CAST(last_day + 1 AS VARCHAR), used_until) END, used_on) AS charge_period_end,
  CASE
    WHEN contains(meter, 'credit') THEN 'Credit' WHEN meter LIKE '%tax%' THEN 'Tax'
    WHEN contains(meter, 'minimum') OR contains(meter, 'commit') OR contains(meter, 'support') THEN 'Purchase'
    ELSE 'Usage'
  END AS charge_category,
  COALESCE(sku, product) AS charge_description,
  regexp_replace(cost, '^(-?)\$', '\1') AS billed_cost,
  regexp_replace(cost, '^(-?)\$', '\1') AS effective_cost,
  quantity AS consumed_quantity,
  COALESCE(
    unit,
    CASE
      WHEN contains(meter, 'read') THEN 'read_unit' WHEN contains(meter, 'write') THEN 'write_unit' WHEN contains(meter, 'storage') THEN 'gb_month'
      WHEN contains(meter, 'token') OR contains(meter, 'embed') THEN 'token' WHEN contains(meter, 'rerank') THEN 'request'
    END) AS consumed_unit,
  unit_price AS list_unit_price,
  CASE WHEN contains(meter, 'embed') OR contains(meter, 'rerank') OR contains(meter, 'token') OR contains(meter, 'assistant') OR contains(meter, 'inference') THEN 'AI and Machine Learning' ELSE 'Databases' END AS service_category,
  COALESCE(product, 'Pinecone') AS service_name,
  COALESCE(sku, product) AS sku_id,
  COALESCE(sku, product) AS sku_meter,
  index AS resource_id,
  index AS resource_name,
  CASE WHEN index IS NOT NULL THEN 'index' END AS resource_type,
  region AS region_id,
  region AS region_name,
  COALESCE(labels, MAP {}) AS tags,
  map_concat(extra, CASE WHEN cloud IS NOT NULL THEN MAP {'cloud': cloud} ELSE MAP {} END) AS extra
FROM told
