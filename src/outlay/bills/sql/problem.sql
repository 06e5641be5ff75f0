-- problem: the lines of a bill that cannot be taken in, and why.
-- engine:  reader
-- grain:   one row per bad line
-- reads:   checked; refused_currency(), no_currency(), missing_column(): lists; refusal(code): its fix
-- returns: the columns of problem; amount: the line's billed cost where it can be read
WITH bad AS (
  SELECT
    *,
    COALESCE(wrong_column, 'charge_period_start') AS column_name,
    CASE COALESCE(wrong_column, 'charge_period_start')
    WHEN 'billed_cost' THEN CAST(raw_billed_cost AS VARCHAR)
    WHEN 'effective_cost' THEN CAST(raw_effective_cost AS VARCHAR)
    WHEN 'list_cost' THEN CAST(raw_list_cost AS VARCHAR)
    WHEN 'contracted_cost' THEN CAST(raw_contracted_cost AS VARCHAR)
    WHEN 'net_cost' THEN CAST(raw_net_cost AS VARCHAR)
    WHEN 'net_effective_cost' THEN CAST(raw_net_effective_cost AS VARCHAR)
    WHEN 'list_unit_price' THEN CAST(raw_list_unit_price AS VARCHAR)
    WHEN 'contracted_unit_price' THEN CAST(raw_contracted_unit_price AS VARCHAR)
    WHEN 'pricing_quantity' THEN CAST(raw_pricing_quantity AS VARCHAR)
    WHEN 'consumed_quantity' THEN CAST(raw_consumed_quantity AS VARCHAR)
    WHEN 'billing_period_start' THEN raw_billing_period_start
    WHEN 'billing_period_end' THEN raw_billing_period_end
    WHEN 'charge_period_start' THEN raw_charge_period_start
    WHEN 'charge_period_end' THEN raw_charge_period_end
    WHEN 'provider' THEN provider
    WHEN 'billing_account_id' THEN billing_account_id
    WHEN 'billing_currency' THEN billing_currency
    WHEN 'charge_category' THEN charge_category
    WHEN 'refused' THEN refused
    END AS stood
  FROM checked
  WHERE skip IS NULL AND NOT (wrong_column IS NULL AND charge_period_start >= $only_from AND charge_period_start < $only_to)
)
SELECT
  $take_in AS take_in, CAST($file AS BIGINT) AS file, line,
  CASE
    WHEN wrong_column IS NULL THEN 'other-period'
    WHEN wrong_column = 'refused' THEN refuse
    WHEN list_contains(missing_column(), column_name) THEN 'missing-column'
    WHEN stood IS NULL THEN 'missing-value'
    WHEN column_name = 'billing_currency' THEN 'wrong-currency'
    WHEN column_name = 'charge_category' THEN 'bad-category'
    WHEN column_name LIKE '%_period_%' THEN 'bad-date'
    WHEN column_name LIKE '%_quantity' THEN 'bad-quantity'
    ELSE 'bad-amount'
  END AS code,
  NULLIF(column_name, 'refused') AS column_name,
  left(stood, 80) AS value,
  billed_cost AS amount,
  CASE WHEN NOT list_contains(no_currency(), billing_currency) THEN billing_currency END AS currency,
  CASE
    WHEN wrong_column IS NULL THEN 'the line is of another period than was asked for; import it with that period, or without --period'
    WHEN wrong_column = 'refused' THEN COALESCE(refusal(refuse), '')
    WHEN list_contains(missing_column(), column_name)
    THEN 'the file has no such column: export it with this column, or name the format that the file has'
    WHEN stood IS NULL THEN 'ask the vendor for an export that fills this column, or fill it and import the file again'
    WHEN column_name = 'billing_currency' THEN 'write an ISO 4217 code in capitals, such as USD, or import it without --currency or with this one'
    WHEN column_name = 'charge_category' THEN 'write Usage, Purchase, Tax, Credit or Adjustment'
    WHEN column_name LIKE '%_period_end' THEN 'write an ISO 8601 time that is not before the start, such as 2026-10-01T00:00:00Z'
    WHEN column_name LIKE '%_period_%' THEN 'write an ISO 8601 time, such as 2026-10-01T00:00:00Z'
    ELSE 'write a plain decimal number with a point, such as 1234.56'
  END AS fix
FROM bad
