-- aws_cur: lines of an AWS Cost and Usage Report as charges.
-- engine:  reader
-- grain:   one row per line
-- reads:   written
-- returns: columns of a charge, costs as decimals and the rest as text; tags and extra as maps; refuse and refused for types that are not known
-- law:     the billed cost is the unblended cost of every line as it stands, so that it adds up to the invoice; the
--          amortised cost leaves out what commitments were bought for and takes in what was used and left of them
-- A line of split cost allocation data has no cost of its own: its parent, the instance, has it.
WITH typed AS (
  SELECT
    *,
    lower(line_item_line_item_type) AS kind,
    savings_plan_total_commitment_to_date - savings_plan_used_commitment AS plan_unused,
    COALESCE(reservation_unused_amortized_upfront_fee_for_billing_period, 0)
      + COALESCE(reservation_unused_recurring_fee, 0) AS reserved_unused,
    COALESCE(reservation_net_unused_amortized_upfront_fee_for_billing_period, 0)
      + COALESCE(reservation_net_unused_recurring_fee, 0) AS net_reserved_unused,
    -- In whole trillionths, because a quotient of decimals would be binary floating point.
    CASE WHEN lower(line_item_line_item_type) = 'savingsplanrecurringfee' THEN TRY(CAST(
      CAST((savings_plan_total_commitment_to_date - savings_plan_used_commitment) * 1000000000000 AS HUGEINT)
        * CAST(line_item_net_unblended_cost * 1000000000000 AS HUGEINT)
        // CAST(line_item_unblended_cost * 1000000000000 AS HUGEINT)
    AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12))) END AS net_plan_unused,
    COALESCE(line_item_unblended_cost, CASE WHEN split_line_item_parent_resource_id IS NOT NULL THEN 0 END) AS unblended
  FROM written
)
SELECT
  line,
  'AWS' AS provider,
  CASE WHEN bill_billing_entity = 'AWS Marketplace' THEN COALESCE(line_item_legal_entity, 'AWS Marketplace') ELSE 'AWS' END AS publisher_name,
  bill_invoicing_entity AS invoice_issuer_name,
  bill_invoice_id AS invoice_id,
  bill_payer_account_id AS billing_account_id,
  bill_payer_account_name AS billing_account_name,
  line_item_usage_account_id AS sub_account_id,
  line_item_usage_account_name AS sub_account_name,
  line_item_currency_code AS billing_currency,
  bill_billing_period_start_date AS billing_period_start,
  COALESCE(
    CAST(bill_billing_period_end_date AS VARCHAR),
    CAST(instant_of(bill_billing_period_start_date) + INTERVAL 1 MONTH AS VARCHAR)
  ) AS billing_period_end,
  line_item_usage_start_date AS charge_period_start,
  COALESCE(line_item_usage_end_date, line_item_usage_start_date) AS charge_period_end,
  CASE
    WHEN kind IN ('usage', 'discountedusage', 'savingsplancoveredusage', 'savingsplannegation') THEN 'Usage'
    WHEN kind IN ('fee', 'rifee', 'savingsplanrecurringfee', 'savingsplanupfrontfee') THEN 'Purchase'
    WHEN kind = 'tax' THEN 'Tax'
    WHEN kind = 'credit' THEN 'Credit'
    ELSE 'Adjustment'
  END AS charge_category,
  CASE WHEN kind = 'refund' THEN 'Correction' END AS charge_class,
  CASE
    WHEN kind IN ('rifee', 'savingsplanrecurringfee') THEN 'Recurring'
    WHEN kind IN ('fee', 'savingsplanupfrontfee', 'tax', 'credit', 'refund') THEN 'One-Time'
    ELSE 'Usage-Based'
  END AS charge_frequency,
  line_item_line_item_description AS charge_description,
  unblended AS billed_cost,
  CASE
    WHEN kind = 'savingsplancoveredusage' THEN savings_plan_savings_plan_effective_cost
    WHEN kind = 'discountedusage' THEN reservation_effective_cost
    WHEN kind = 'savingsplanrecurringfee' THEN plan_unused
    WHEN kind = 'rifee' THEN reserved_unused
    WHEN kind IN ('savingsplannegation', 'savingsplanupfrontfee') OR kind = 'fee' AND reservation_reservation_a_r_n IS NOT NULL THEN 0
    ELSE unblended
  END AS effective_cost,
  pricing_public_on_demand_cost AS list_cost,
  CASE WHEN kind IN ('usage', 'savingsplancoveredusage') THEN unblended END AS contracted_cost,
  line_item_net_unblended_cost AS net_cost,
  CASE
    WHEN line_item_net_unblended_cost IS NULL THEN NULL
    WHEN kind = 'savingsplancoveredusage' THEN savings_plan_net_savings_plan_effective_cost
    WHEN kind = 'discountedusage' THEN reservation_net_effective_cost
    WHEN kind = 'rifee' THEN net_reserved_unused
    WHEN kind = 'savingsplanrecurringfee' THEN CASE
      WHEN plan_unused = 0 OR line_item_net_unblended_cost = unblended THEN plan_unused
      ELSE net_plan_unused
    END
    WHEN kind IN ('savingsplannegation', 'savingsplanupfrontfee') OR kind = 'fee' AND reservation_reservation_a_r_n IS NOT NULL THEN 0
    ELSE line_item_net_unblended_cost
  END AS net_effective_cost,
  pricing_public_on_demand_rate AS list_unit_price,
  CASE
    WHEN kind IN ('discountedusage', 'savingsplancoveredusage', 'savingsplannegation') THEN 'Committed'
    WHEN kind = 'usage' AND contains(line_item_usage_type, 'SpotUsage') THEN 'Dynamic'
    WHEN kind = 'usage' THEN 'Standard'
  END AS pricing_category,
  CASE WHEN kind IN ('usage', 'discountedusage', 'savingsplancoveredusage') THEN line_item_usage_amount END AS pricing_quantity,
  pricing_unit,
  CASE WHEN kind IN ('usage', 'discountedusage', 'savingsplancoveredusage') THEN line_item_usage_amount END AS consumed_quantity,
  pricing_unit AS consumed_unit,
  CASE
    WHEN line_item_product_code IN ('AmazonEC2', 'AWSLambda', 'AmazonLightsail', 'AWSAppRunner', 'AWSBatch', 'AmazonECS', 'AmazonEKS', 'AmazonECR', 'AWSFargate') THEN 'Compute'
    WHEN line_item_product_code IN ('AmazonS3', 'AmazonS3GlacierDeepArchive', 'AmazonGlacier', 'AmazonEFS', 'AmazonFSx', 'AWSBackup', 'AWSStorageGateway') THEN 'Storage'
    WHEN line_item_product_code IN ('AmazonRDS', 'AmazonDynamoDB', 'AmazonElastiCache', 'AmazonDocDB', 'AmazonNeptune', 'AmazonMemoryDB', 'AmazonMCS', 'AmazonTimestream', 'AmazonRedshift') THEN 'Databases'
    WHEN line_item_product_code IN ('AmazonBedrock', 'AmazonBedrockService', 'AmazonSageMaker', 'AmazonTextract', 'AmazonComprehend', 'AmazonRekognition', 'AmazonPolly', 'AmazonTranscribe', 'transcribe', 'translate', 'AmazonLex', 'AmazonKendra', 'AmazonQ') THEN 'AI and Machine Learning'
    WHEN line_item_product_code IN ('AWSDataTransfer', 'AmazonVPC', 'AWSELB', 'AmazonCloudFront', 'AmazonRoute53', 'AWSDirectConnect', 'AmazonApiGateway', 'AWSGlobalAccelerator') THEN 'Networking'
    WHEN line_item_product_code IN ('AmazonCloudWatch', 'AWSCloudTrail', 'AWSConfig', 'AWSSystemsManager', 'AWSCostExplorer') THEN 'Management and Governance'
    WHEN line_item_product_code IN ('awskms', 'AWSSecretsManager', 'awswaf', 'AmazonGuardDuty', 'AWSSecurityHub', 'AmazonInspectorV2', 'AWSShield', 'AmazonCognito', 'AmazonMacie') THEN 'Security'
    WHEN line_item_product_code IN ('AWSQueueService', 'AmazonSNS', 'AWSEvents', 'AmazonStates', 'AmazonMQ', 'AmazonMSK') THEN 'Integration'
    WHEN line_item_product_code IN ('AmazonAthena', 'AWSGlue', 'ElasticMapReduce', 'AmazonKinesis', 'AmazonKinesisFirehose', 'AmazonES', 'AmazonQuickSight') THEN 'Analytics'
  END AS service_category,
  COALESCE(product_product_name, product_map['product_name'], line_item_product_code) AS service_name,
  COALESCE(product_sku, product_map['sku']) AS sku_id,
  line_item_usage_type AS sku_meter,
  pricing_rate_code AS sku_price_id,
  line_item_resource_id AS resource_id,
  COALESCE(product_product_family, product_map['product_family']) AS resource_type,
  COALESCE(product_region_code, product_region, product_map['region']) AS region_id,
  COALESCE(product_location, product_map['location']) AS region_name,
  line_item_availability_zone AS availability_zone,
  COALESCE(savings_plan_savings_plan_a_r_n, reservation_reservation_a_r_n) AS commitment_discount_id,
  CASE WHEN savings_plan_savings_plan_a_r_n IS NOT NULL THEN 'Spend' WHEN reservation_reservation_a_r_n IS NOT NULL THEN 'Usage' END AS commitment_discount_category,
  CASE
    WHEN savings_plan_savings_plan_a_r_n IS NOT NULL THEN COALESCE(savings_plan_offering_type, 'Savings Plan')
    WHEN reservation_reservation_a_r_n IS NOT NULL THEN 'Reserved Instance'
  END AS commitment_discount_type,
  CASE
    WHEN kind IN ('savingsplancoveredusage', 'discountedusage') THEN 'Used'
    WHEN kind = 'savingsplanrecurringfee' AND plan_unused > 0 OR kind = 'rifee' AND reserved_unused > 0 THEN 'Unused'
  END AS commitment_discount_status,
  -- Making a map costs more than all else of a line, so one that need not change is kept as it came.
  CASE
    WHEN cardinality(category_map) > 0
      OR len(list_filter(map_keys(tag_map), lambda k: starts_with(k, 'user_') OR starts_with(k, 'user:'))) > 0
    THEN COALESCE(TRY(map_from_entries(list_concat(
      list_transform(map_entries(tag_map), lambda e: {
        'key': CASE WHEN e.key[1:5] IN ('user:', 'user_') THEN e.key[6:] ELSE e.key END, 'value': COALESCE(e.value, '')}),
      list_transform(map_entries(category_map), lambda e: {
        'key': 'cost_category:' || e.key, 'value': COALESCE(e.value, '')})
    ))), tag_map)
    ELSE tag_map
  END AS tags,
  CASE
    WHEN line_item_operation IS NOT NULL AND line_item_product_code IS NOT NULL
      AND bill_billing_entity = 'AWS' AND split_line_item_split_cost IS NULL
      AND line_item_iam_principal IS NULL AND line_item_user_identifier IS NULL
    THEN CAST({
      'line_item_line_item_type': line_item_line_item_type, 'line_item_product_code': line_item_product_code,
      'line_item_operation': line_item_operation
    } AS MAP(VARCHAR, VARCHAR))
    ELSE map_from_entries(list_filter([
      {'key': 'line_item_line_item_type', 'value': line_item_line_item_type},
      {'key': 'line_item_product_code', 'value': line_item_product_code},
      {'key': 'line_item_operation', 'value': line_item_operation},
      {'key': 'bill_billing_entity', 'value': bill_billing_entity},
      {'key': 'line_item_iam_principal', 'value': line_item_iam_principal},
      {'key': 'line_item_user_identifier', 'value': line_item_user_identifier},
      {'key': 'split_line_item_parent_resource_id', 'value': split_line_item_parent_resource_id},
      {'key': 'split_line_item_split_cost', 'value': CAST(split_line_item_split_cost AS VARCHAR)},
      {'key': 'split_line_item_unused_cost', 'value': CAST(split_line_item_unused_cost AS VARCHAR)},
      {'key': 'split_line_item_net_split_cost', 'value': CAST(split_line_item_net_split_cost AS VARCHAR)},
      {'key': 'split_line_item_net_unused_cost', 'value': CAST(split_line_item_net_unused_cost AS VARCHAR)},
      {'key': 'split_line_item_split_usage', 'value': split_line_item_split_usage},
      {'key': 'split_line_item_actual_usage', 'value': split_line_item_actual_usage},
      {'key': 'split_line_item_reserved_usage', 'value': split_line_item_reserved_usage},
      {'key': 'split_line_item_split_usage_ratio', 'value': split_line_item_split_usage_ratio}
    ], lambda e: e.value IS NOT NULL))
  END AS extra,
  CASE
    WHEN kind IS NULL OR kind NOT IN (
      'usage', 'discountedusage', 'savingsplancoveredusage', 'savingsplannegation', 'fee', 'rifee',
      'savingsplanrecurringfee', 'savingsplanupfrontfee', 'tax', 'credit', 'refund', 'discount', 'bundleddiscount',
      'edpdiscount', 'privateratediscount', 'sppdiscount', 'rivolumediscount', 'distributordiscount'
    ) THEN 'unknown-line-type'
    WHEN unread IS NOT NULL THEN 'bad-amount'
  END AS refuse,
  COALESCE(unread, line_item_line_item_type) AS refused
FROM typed
