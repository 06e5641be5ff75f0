-- checked: every line of a bill with its values typed and the first thing that is wrong with it.
-- engine:  reader
-- grain:   one row per line of the file
-- reads:   incoming (all text but tags and extra, absent ones NULL); refused_currency(), missing_column(): lists
-- returns: the columns of charge that a file holds; raw_*: the text as it stood; wrong_column: the first column that
--          cannot be used (NULL when the line is good; `refused` when the format itself refuses it); skip: why a line
--          is left out, unless its money cannot be read
-- law:     a value that is there but cannot be read makes the line a problem; it never becomes NULL
-- Times outside 1970 to 2148 are no times of a bill, and the store's engines do not agree about them.
-- No joins: they would cost the order of the rows, by which lines are numbered.
WITH typed AS (
  SELECT
    * REPLACE (
      TRY_CAST(billed_cost AS DECIMAL(38,12)) AS billed_cost,
      TRY_CAST(effective_cost AS DECIMAL(38,12)) AS effective_cost,
      TRY_CAST(list_cost AS DECIMAL(38,12)) AS list_cost,
      TRY_CAST(contracted_cost AS DECIMAL(38,12)) AS contracted_cost,
      TRY_CAST(net_cost AS DECIMAL(38,12)) AS net_cost,
      TRY_CAST(net_effective_cost AS DECIMAL(38,12)) AS net_effective_cost,
      TRY_CAST(list_unit_price AS DECIMAL(38,15)) AS list_unit_price,
      TRY_CAST(contracted_unit_price AS DECIMAL(38,15)) AS contracted_unit_price,
      TRY_CAST(pricing_quantity AS DECIMAL(38,15)) AS pricing_quantity,
      TRY_CAST(consumed_quantity AS DECIMAL(38,15)) AS consumed_quantity,
      instant_of(billing_period_start) AS billing_period_start,
      instant_of(billing_period_end) AS billing_period_end,
      instant_of(charge_period_start) AS charge_period_start,
      instant_of(charge_period_end) AS charge_period_end,
      CASE WHEN billed_cost IS NULL OR TRY_CAST(billed_cost AS DECIMAL(38,12)) IS NOT NULL THEN skip END AS skip
    ),
    billed_cost AS raw_billed_cost,
    effective_cost AS raw_effective_cost,
    list_cost AS raw_list_cost,
    contracted_cost AS raw_contracted_cost,
    net_cost AS raw_net_cost,
    net_effective_cost AS raw_net_effective_cost,
    list_unit_price AS raw_list_unit_price,
    contracted_unit_price AS raw_contracted_unit_price,
    pricing_quantity AS raw_pricing_quantity,
    consumed_quantity AS raw_consumed_quantity,
    billing_period_start AS raw_billing_period_start,
    billing_period_end AS raw_billing_period_end,
    charge_period_start AS raw_charge_period_start,
    charge_period_end AS raw_charge_period_end
  FROM incoming
)
SELECT
  *,
  CASE
    WHEN len(missing_column()) > 0 THEN missing_column()[1]
    WHEN refuse IS NOT NULL THEN 'refused'
    WHEN billed_cost IS NULL THEN 'billed_cost'
    WHEN provider IS NULL THEN 'provider'
    WHEN billing_account_id IS NULL THEN 'billing_account_id'
    WHEN billing_currency IS NULL OR list_contains(refused_currency(), billing_currency) THEN 'billing_currency'
    WHEN charge_category IS NULL OR charge_category NOT IN ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment') THEN 'charge_category'
    WHEN billing_period_start IS NULL OR billing_period_start NOT BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP '2148-12-31' THEN 'billing_period_start'
    WHEN billing_period_end IS NULL OR billing_period_end <= billing_period_start OR billing_period_end > TIMESTAMP '2148-12-31' THEN 'billing_period_end'
    WHEN charge_period_start IS NULL OR charge_period_start NOT BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP '2148-12-31' THEN 'charge_period_start'
    WHEN charge_period_end IS NULL OR charge_period_end < charge_period_start OR charge_period_end > TIMESTAMP '2148-12-31' THEN 'charge_period_end'
    WHEN effective_cost IS NULL AND raw_effective_cost IS NOT NULL THEN 'effective_cost'
    WHEN list_cost IS NULL AND raw_list_cost IS NOT NULL THEN 'list_cost'
    WHEN contracted_cost IS NULL AND raw_contracted_cost IS NOT NULL THEN 'contracted_cost'
    WHEN net_cost IS NULL AND raw_net_cost IS NOT NULL THEN 'net_cost'
    WHEN net_effective_cost IS NULL AND raw_net_effective_cost IS NOT NULL THEN 'net_effective_cost'
    WHEN list_unit_price IS NULL AND raw_list_unit_price IS NOT NULL THEN 'list_unit_price'
    WHEN contracted_unit_price IS NULL AND raw_contracted_unit_price IS NOT NULL THEN 'contracted_unit_price'
    WHEN pricing_quantity IS NULL AND raw_pricing_quantity IS NOT NULL THEN 'pricing_quantity'
    WHEN consumed_quantity IS NULL AND raw_consumed_quantity IS NOT NULL THEN 'consumed_quantity'
  END AS wrong_column
FROM typed
