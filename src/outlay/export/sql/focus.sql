-- focus: charges and their parts as FOCUS 1.2 names them, with who caused them.
-- engine:  reader
-- grain:   one row per part whose charge starts in the piece, by day, import, file and line
-- reads:   saved_charge, saved_part; first_day_of_piece(), end_of_piece(), reporting_currency(): texts
-- returns: the 57 columns of FOCUS 1.2 in alphabetical order, the allocation columns of FOCUS 1.3, and x_ columns of our own;
--          costs in BillingCurrency, x_ReportingCost in x_ReportingCurrency
-- Costs and quantities that the vendor added to FOCUS's own (in extra) are cut by the part's ratio, downwards.
-- What a bill leaves out and FOCUS requires is taken from what it does say; x_Assumed names those columns.
-- The parts are put in order while they are narrow. A join in one thread keeps their order, so what is wide need not be sorted.
WITH part AS (
  SELECT * FROM saved_part WHERE first_day >= first_day_of_piece() AND first_day < end_of_piece()
  ORDER BY
    first_day, take_in, file, line, part, state, rule, method, driver, own_feature, own_customer, own_team, own_user, own_environment, own_service,
    own_release, own_model
), whole AS (
  -- What all parts of a charge have alike is made once.
  SELECT
    *,
    take_in || ':' || file || ':' || line || CASE WHEN part = '' THEN '' ELSE ':' || part END AS charge_id,
    CASE WHEN cardinality(tags) > 0 THEN CAST(to_json(tags) AS VARCHAR) END AS tags_text,
    extra['BillingAccountType'] AS account_type, extra['CapacityReservationId'] AS reservation_id,
    extra['CapacityReservationStatus'] AS reservation_status, extra['CommitmentDiscountUnit'] AS commitment_unit,
    extra['SkuPriceDetails'] AS price_details, extra['SubAccountType'] AS sub_account_type, extra['PricingCurrency'] AS pricing_currency,
    TRY_CAST(extra['PricingCurrencyContractedUnitPrice'] AS DECIMAL(38,15)) AS priced_contracted_price,
    TRY_CAST(extra['PricingCurrencyListUnitPrice'] AS DECIMAL(38,15)) AS priced_list_price,
    TRY_CAST(extra['CommitmentDiscountQuantity'] AS DECIMAL(38,12)) AS commitment_quantity,
    TRY_CAST(extra['PricingCurrencyEffectiveCost'] AS DECIMAL(38,12)) AS priced_cost,
    -- Prices are in the billing currency unless the bill says otherwise.
    COALESCE(extra['PricingCurrency'], billing_currency) = billing_currency AS is_priced_alike,
    concat_ws(',',
      CASE WHEN effective_cost IS NULL THEN 'EffectiveCost' END, CASE WHEN list_cost IS NULL THEN 'ListCost' END,
      CASE WHEN contracted_cost IS NULL THEN 'ContractedCost' END, CASE WHEN invoice_issuer_name IS NULL THEN 'InvoiceIssuerName' END,
      CASE WHEN publisher_name IS NULL THEN 'PublisherName' END, CASE WHEN service_category IS NULL THEN 'ServiceCategory' END,
      CASE WHEN service_name IS NULL THEN 'ServiceName' END, CASE WHEN extra['PricingCurrency'] IS NULL THEN 'PricingCurrency' END
    ) AS assumed
  FROM saved_charge
  WHERE charge_period_start >= CAST(first_day_of_piece() AS TIMESTAMP) AND charge_period_start < CAST(end_of_piece() AS TIMESTAMP)
), told AS (
  SELECT
    p.*, c.* EXCLUDE (take_in, file, line, part, billed_cost, effective_cost, list_cost, contracted_cost, net_cost, net_effective_cost, pricing_quantity, consumed_quantity, reporting_pico),
    c.billed_cost AS whole_cost,
    CASE WHEN p.ratio IS NULL THEN c.billed_cost WHEN c.billed_cost IS NOT NULL THEN CAST(p.billed_pico * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) END AS billed_cost,
    CASE WHEN p.ratio IS NULL THEN c.effective_cost WHEN c.effective_cost IS NOT NULL THEN CAST(p.effective_pico * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) END AS effective_cost,
    CASE WHEN p.ratio IS NULL THEN c.list_cost WHEN c.list_cost IS NOT NULL THEN CAST(p.list_pico * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) END AS list_cost,
    CASE WHEN p.ratio IS NULL THEN c.contracted_cost WHEN c.contracted_cost IS NOT NULL THEN CAST(p.contracted_pico * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) END AS contracted_cost,
    CASE WHEN p.ratio IS NULL THEN c.net_cost WHEN c.net_cost IS NOT NULL THEN CAST(p.net_pico * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) END AS net_cost,
    CASE WHEN p.ratio IS NULL THEN c.net_effective_cost WHEN c.net_effective_cost IS NOT NULL THEN CAST(p.net_effective_pico * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) END AS net_effective_cost,
    CASE WHEN p.ratio IS NULL THEN c.pricing_quantity WHEN c.pricing_quantity IS NOT NULL THEN CAST(p.pricing_femto * CAST('0.000000000000001' AS DECIMAL(15,15)) AS DECIMAL(38,15)) END AS pricing_quantity,
    CASE WHEN p.ratio IS NULL THEN c.consumed_quantity WHEN c.consumed_quantity IS NOT NULL THEN CAST(p.consumed_femto * CAST('0.000000000000001' AS DECIMAL(15,15)) AS DECIMAL(38,15)) END AS consumed_quantity,
    CAST(CASE WHEN p.ratio IS NULL THEN c.reporting_pico ELSE p.part_reporting_pico END * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS reporting_cost,
    CAST(p.ratio AS HUGEINT) AS mark,
    p.ratio IS NOT NULL AND p.ratio <> '1152921504606846976' AS is_part,
    p.method IS NOT NULL AND p.method NOT IN ('direct', 'none') AS is_split,
    CASE WHEN p.method IS NOT NULL AND p.method NOT IN ('direct', 'none') THEN map_from_entries(list_filter([
      {'key': 'feature', 'value': own_feature}, {'key': 'customer', 'value': own_customer}, {'key': 'team', 'value': own_team},
      {'key': 'user', 'value': own_user}, {'key': 'environment', 'value': own_environment},
      {'key': 'service', 'value': own_service}, {'key': 'release', 'value': own_release}, {'key': 'model', 'value': own_model}
    ], lambda e: e.value IS NOT NULL)) END AS who
  FROM part AS p
  JOIN whole AS c ON c.take_in = p.take_in AND c.file = p.file AND c.line = p.line AND c.part = p.part
)
SELECT
  availability_zone AS "AvailabilityZone",
  billed_cost AS "BilledCost",
  billing_account_id AS "BillingAccountId",
  billing_account_name AS "BillingAccountName",
  account_type AS "BillingAccountType",
  billing_currency AS "BillingCurrency",
  CAST(billing_period_end AS TIMESTAMPTZ) AS "BillingPeriodEnd",
  CAST(billing_period_start AS TIMESTAMPTZ) AS "BillingPeriodStart",
  reservation_id AS "CapacityReservationId",
  reservation_status AS "CapacityReservationStatus",
  charge_category AS "ChargeCategory",
  charge_class AS "ChargeClass",
  charge_description AS "ChargeDescription",
  charge_frequency AS "ChargeFrequency",
  CAST(charge_period_end AS TIMESTAMPTZ) AS "ChargePeriodEnd",
  CAST(charge_period_start AS TIMESTAMPTZ) AS "ChargePeriodStart",
  commitment_discount_category AS "CommitmentDiscountCategory",
  commitment_discount_id AS "CommitmentDiscountId",
  commitment_discount_name AS "CommitmentDiscountName",
  CASE WHEN is_part THEN CAST(CAST((CAST(commitment_quantity * 1000000000000 AS HUGEINT) * mark) >> 60 AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,15))
    ELSE CAST(commitment_quantity AS DECIMAL(38,15)) END AS "CommitmentDiscountQuantity",
  commitment_discount_status AS "CommitmentDiscountStatus",
  commitment_discount_type AS "CommitmentDiscountType",
  commitment_unit AS "CommitmentDiscountUnit",
  consumed_quantity AS "ConsumedQuantity",
  consumed_unit AS "ConsumedUnit",
  COALESCE(contracted_cost, list_cost, effective_cost, billed_cost) AS "ContractedCost",
  contracted_unit_price AS "ContractedUnitPrice",
  COALESCE(effective_cost, billed_cost) AS "EffectiveCost",
  invoice_id AS "InvoiceId",
  COALESCE(invoice_issuer_name, provider) AS "InvoiceIssuerName",
  COALESCE(list_cost, contracted_cost, effective_cost, billed_cost) AS "ListCost",
  list_unit_price AS "ListUnitPrice",
  pricing_category AS "PricingCategory",
  COALESCE(pricing_currency, billing_currency) AS "PricingCurrency",
  CASE WHEN is_priced_alike THEN contracted_unit_price
    ELSE priced_contracted_price END AS "PricingCurrencyContractedUnitPrice",
  CASE WHEN is_priced_alike THEN COALESCE(effective_cost, billed_cost)
    WHEN is_part THEN CAST(CAST((CAST(priced_cost * 1000000000000 AS HUGEINT) * mark) >> 60 AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12))
    ELSE CAST(priced_cost AS DECIMAL(38,12)) END AS "PricingCurrencyEffectiveCost",
  CASE WHEN is_priced_alike THEN list_unit_price
    ELSE priced_list_price END AS "PricingCurrencyListUnitPrice",
  pricing_quantity AS "PricingQuantity",
  pricing_unit AS "PricingUnit",
  provider AS "ProviderName",
  COALESCE(publisher_name, provider) AS "PublisherName",
  region_id AS "RegionId",
  region_name AS "RegionName",
  resource_id AS "ResourceId",
  resource_name AS "ResourceName",
  resource_type AS "ResourceType",
  COALESCE(service_category, 'Other') AS "ServiceCategory",
  COALESCE(service_name, provider) AS "ServiceName",
  service_subcategory AS "ServiceSubcategory",
  sku_id AS "SkuId",
  sku_meter AS "SkuMeter",
  price_details AS "SkuPriceDetails",
  sku_price_id AS "SkuPriceId",
  sub_account_id AS "SubAccountId",
  sub_account_name AS "SubAccountName",
  sub_account_type AS "SubAccountType",
  tags_text AS "Tags",
  CASE WHEN is_split THEN rule || '@' || rule_version END AS "AllocatedMethodId",
  CASE WHEN is_split THEN '{"Elements":[{"AllocatedRatio":'
    || CAST(CAST(CAST((mark * 1000000000000000000) >> 60 AS DECIMAL(38,0)) * CAST('0.000000000000000001' AS DECIMAL(18,18)) AS DECIMAL(38,18)) AS VARCHAR)
    || CASE WHEN driver <> '' THEN ',"UsageUnit":' || CAST(to_json(driver) AS VARCHAR) ELSE '' END || '}]}' END AS "AllocatedMethodDetails",
  CASE WHEN is_split THEN CASE WHEN cardinality(who) > 0
    THEN array_to_string(list_transform(map_entries(who), lambda e: e.key || '=' || e.value), ';') ELSE state END END AS "AllocatedResourceId",
  CASE WHEN is_split THEN COALESCE(own_feature, own_customer, own_team, own_service, own_model, own_environment, own_user, own_release, state)
    END AS "AllocatedResourceName",
  CASE WHEN is_split AND cardinality(who) > 0 THEN CAST(to_json(who) AS VARCHAR) END AS "AllocatedTags",
  own_feature AS "x_Feature",
  own_customer AS "x_Customer",
  own_team AS "x_Team",
  own_user AS "x_User",
  own_environment AS "x_Environment",
  own_service AS "x_Service",
  own_release AS "x_Release",
  own_model AS "x_Model",
  method AS "x_AttributionMethod",
  CASE
    WHEN method IS NULL THEN NULL
    WHEN state = 'unallocated' THEN 'none'
    WHEN method = 'direct' THEN 'high'
    WHEN method IN ('driver', 'proportional') THEN 'medium'
    ELSE 'low'
  END AS "x_Confidence",
  state AS "x_State",
  NULLIF(rule, '') AS "x_Rule",
  NULLIF(driver, '') AS "x_Driver",
  NULLIF(assumed, '') AS "x_Assumed",
  net_cost AS "x_NetCost",
  net_effective_cost AS "x_NetEffectiveCost",
  charge_id AS "x_ChargeId",
  whole_cost AS "x_ChargeBilledCost",
  reporting_cost AS "x_ReportingCost",
  CASE WHEN reporting_cost IS NOT NULL THEN reporting_currency() END AS "x_ReportingCurrency"
FROM told
