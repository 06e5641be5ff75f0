-- azure_cost_details: lines of Azure's cost and usage details, actual or amortised, as charges.
-- engine:  reader
-- grain:   one row per line of the file
-- reads:   written; setting('kind'): actual or amortised; setting('amortized'): together or apart
-- returns: line and the columns of a charge as text; extra; skip; refuse, refused
-- law:     a commitment is paid for once: its purchase is billed, what it covers is only effective cost
-- Dates are YYYY-MM-DD or MM/DD/YYYY, the last day of a billing period is part of it. Tags are a JSON object that may
-- lack its braces; resource group and cost center join them, because owners go by those. A unit such as `100 Hours` is a block; the quantity counts hours.
WITH known AS (
  SELECT
    *,
    lower(charge_type) AS type,
    COALESCE(CAST(TRY_CAST(used_on AS TIMESTAMP) AS DATE), CAST(try_strptime(used_on, '%m/%d/%Y') AS DATE)) AS day,
    COALESCE(CAST(TRY_CAST(period_start AS TIMESTAMP) AS DATE), CAST(try_strptime(period_start, '%m/%d/%Y') AS DATE)) AS first_day,
    COALESCE(CAST(TRY_CAST(period_end AS TIMESTAMP) AS DATE), CAST(try_strptime(period_end, '%m/%d/%Y') AS DATE)) AS last_day,
    CASE
      WHEN lower(charge_type) = 'unusedreservation' OR lower(pricing_model) = 'reservation' THEN 'Reservation'
      WHEN lower(charge_type) = 'unusedsavingsplan' OR lower(replace(pricing_model, ' ', '')) = 'savingsplan' THEN 'SavingsPlan'
    END AS committed,
    TRY_CAST(cost AS DECIMAL(38,12)) AS amount,
    TRY_CAST(TRY_CAST(CASE WHEN starts_with(ltrim(labels), '{') THEN labels ELSE '{' || rtrim(trim(labels), ',') || '}' END AS JSON) AS MAP(VARCHAR, VARCHAR)) AS own_tags
  FROM written
),
told AS (
  SELECT
    *,
    committed IS NOT NULL AND type IN ('usage', 'unusedreservation', 'unusedsavingsplan') AS covered,
    committed IS NOT NULL AND type IN ('purchase', 'refund') AS paid_ahead,
    CASE WHEN contains(lower(resource), '/providers/') THEN split_part(lower(resource), '/providers/', -1) END AS provided
  FROM known
)
SELECT
  line,
  'Microsoft' AS provider,
  COALESCE(publisher, CASE WHEN lower(publisher_type) IN ('azure', 'microsoft') THEN 'Microsoft' ELSE publisher_type END) AS publisher_name,
  'Microsoft' AS invoice_issuer_name,
  invoice AS invoice_id,
  COALESCE(profile, account) AS billing_account_id,
  CASE WHEN profile IS NULL THEN account_name ELSE COALESCE(profile_name, account_name) END AS billing_account_name,
  subscription AS sub_account_id,
  subscription_name AS sub_account_name,
  upper(currency) AS billing_currency,
  COALESCE(CAST(first_day AS VARCHAR), period_start, CAST(date_trunc('month', day) AS VARCHAR)) AS billing_period_start,
  COALESCE(CAST(last_day + 1 AS VARCHAR), period_end, CAST(CAST(date_trunc('month', COALESCE(first_day, day)) + INTERVAL 1 MONTH AS DATE) AS VARCHAR)) AS billing_period_end,
  COALESCE(CAST(day AS VARCHAR), used_on) AS charge_period_start,
  COALESCE(CAST(day + 1 AS VARCHAR), used_on) AS charge_period_end,
  CASE
    WHEN type IN ('usage', 'unusedreservation', 'unusedsavingsplan') THEN 'Usage'
    WHEN type IN ('purchase', 'refund') THEN 'Purchase'
    WHEN type = 'tax' THEN 'Tax'
    WHEN type IN ('credit', 'azurecredit') THEN 'Credit'
    ELSE 'Adjustment'
  END AS charge_category,
  CASE WHEN type = 'refund' THEN 'Correction' END AS charge_class,
  CASE lower(frequency) WHEN 'onetime' THEN 'One-Time' WHEN 'recurring' THEN 'Recurring' WHEN 'usagebased' THEN 'Usage-Based' ELSE frequency END AS charge_frequency,
  COALESCE(product, meter) AS charge_description,
  CASE WHEN setting('kind') = 'amortized' AND covered THEN '0' ELSE cost END AS billed_cost,
  CASE WHEN paid_ahead AND setting('amortized') = 'apart' THEN '0' ELSE cost END AS effective_cost,
  payg_cost AS list_cost,
  payg_price AS list_unit_price,
  unit_price AS contracted_unit_price,
  CASE WHEN committed IS NOT NULL THEN 'Committed' WHEN lower(pricing_model) = 'ondemand' THEN 'Standard' WHEN lower(pricing_model) = 'spot' THEN 'Dynamic' WHEN pricing_model IS NOT NULL THEN 'Other' END AS pricing_category,
  CASE WHEN setting('kind') = 'actual' THEN quantity END AS consumed_quantity,
  CASE WHEN setting('kind') = 'actual' THEN COALESCE(NULLIF(regexp_replace(unit, '^[0-9.,]+ *', ''), ''), unit) END AS consumed_unit,
  unit AS pricing_unit,
  CASE
    WHEN meter_category IN ('Azure OpenAI', 'Azure OpenAI Service', 'Cognitive Services', 'Foundry Models', 'Foundry Tools', 'Azure Machine Learning', 'Azure AI Services', 'Azure Applied AI Services', 'Azure Bot Service') THEN 'AI and Machine Learning'
    WHEN family IN ('AI + Machine Learning', 'AI and Machine Learning') THEN 'AI and Machine Learning'
    WHEN family IN ('Analytics', 'Compute', 'Databases', 'Developer Tools', 'Identity', 'Integration', 'Internet of Things', 'Management and Governance', 'Media', 'Migration', 'Mobile', 'Networking', 'Security', 'Storage', 'Web') THEN family
    WHEN family = 'Containers' OR meter_category IN ('Virtual Machines', 'Virtual Machines Licenses', 'Container Instances', 'Azure Kubernetes Service', 'Functions', 'Azure Container Apps') THEN 'Compute'
    WHEN family IN ('Azure Communication Services', 'Web and Mobile') THEN 'Web'
    WHEN meter_category IN ('Storage', 'Backup') THEN 'Storage'
    WHEN meter_category IN ('Virtual Network', 'Bandwidth', 'Load Balancer', 'Application Gateway', 'Content Delivery Network', 'Azure Front Door Service', 'NAT Gateway', 'VPN Gateway', 'ExpressRoute', 'Azure DNS') THEN 'Networking'
    WHEN meter_category LIKE 'Azure Database for%' OR meter_category IN ('SQL Database', 'SQL Managed Instance', 'Azure Cosmos DB', 'Redis Cache') THEN 'Databases'
    WHEN family IS NOT NULL OR meter_category IS NOT NULL THEN 'Other'
  END AS service_category,
  COALESCE(meter_category, consumed_service, product, publisher) AS service_name,
  meter_id AS sku_id,
  meter AS sku_meter,
  part AS sku_price_id,
  resource AS resource_id,
  COALESCE(resource_name, NULLIF(regexp_extract(resource, '([^/]+)/?$', 1), '')) AS resource_name,
  CASE WHEN contains(provided, '/') THEN split_part(provided, '/', 1) || '/' || split_part(provided, '/', 2) END AS resource_type,
  region AS region_id,
  COALESCE(region_name, region) AS region_name,
  zone AS availability_zone,
  COALESCE(benefit, reservation) AS commitment_discount_id,
  COALESCE(benefit_name, reservation_name) AS commitment_discount_name,
  CASE committed WHEN 'Reservation' THEN 'Usage' WHEN 'SavingsPlan' THEN 'Spend' END AS commitment_discount_category,
  CASE committed WHEN 'Reservation' THEN 'Reservation' WHEN 'SavingsPlan' THEN 'Savings Plan' END AS commitment_discount_type,
  CASE WHEN type LIKE 'unused%' THEN 'Unused' WHEN covered THEN 'Used' END AS commitment_discount_status,
  map_concat(
    map_from_entries(list_filter([
      {'key': 'azure:resource_group', 'value': resource_group}, {'key': 'azure:cost_center', 'value': cost_center}
    ], lambda e: e.value IS NOT NULL)),
    COALESCE(own_tags, MAP {})
  ) AS tags,
  map_concat(extra, map_from_entries(list_filter([
    {'key': 'ChargeType', 'value': charge_type}, {'key': 'Term', 'value': term}, {'key': 'ServiceFamily', 'value': family},
    {'key': 'ConsumedService', 'value': consumed_service}, {'key': 'PublisherType', 'value': publisher_type},
    {'key': 'Tags', 'value': CASE WHEN own_tags IS NULL THEN labels END},
    {'key': 'Quantity', 'value': CASE WHEN setting('kind') = 'amortized' THEN quantity END}
  ], lambda e: e.value IS NOT NULL))) AS extra,
  CASE
    WHEN setting('kind') = 'amortized' AND amount IS NOT NULL AND NOT covered THEN 'in-actual-export'
  END AS skip,
  CASE
    WHEN type NOT IN ('usage', 'purchase', 'refund', 'tax', 'credit', 'azurecredit', 'adjustment', 'roundingadjustment', 'unusedreservation', 'unusedsavingsplan') THEN 'unknown-charge-type'
    WHEN setting('kind') = 'actual' AND (type LIKE 'unused%' OR covered AND amount <> 0) THEN 'amortized-line'
  END AS refuse,
  CASE
    WHEN setting('kind') = 'actual' AND covered AND type = 'usage' THEN cost
    ELSE charge_type
  END AS refused
FROM told
