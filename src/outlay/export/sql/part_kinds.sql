-- kinds: the charges of a month, with what decides which pools they are in.
-- grain:   one row per charge
-- reads:   current_charge
-- returns: signature; part: which of the charges of its line, empty for the first; the columns of a charge that a pool is of; first_day; days: how many it is cut into; whole numbers
--          of 1e-12 of the currency or 1e-15 of the unit: billed and the other costs and quantities; is_nothing: 1 when all
--          of them are zero
SELECT
  {key} AS signature, take_in, file, line, COALESCE(extra['line_part'], '') AS part, provider, billing_currency, sub_account_name, service_name, charge_category,
  CAST(charge_period_start AS DATE) AS first_day,
  GREATEST(1, dateDiff('day', CAST(charge_period_start AS DATE),
    LEAST(CAST(charge_period_end - INTERVAL 1 MICROSECOND AS DATE) + INTERVAL 1 DAY, CAST($ends_at AS TIMESTAMP)))) AS days,
  toInt256(billed_cost * 1000000000000) AS billed,
  toInt256(COALESCE(effective_cost, billed_cost) * 1000000000000) AS effective,
  toInt256(COALESCE(list_cost, contracted_cost, effective_cost, billed_cost) * 1000000000000) AS listed,
  toInt256(COALESCE(contracted_cost, list_cost, effective_cost, billed_cost) * 1000000000000) AS contracted,
  toInt256(COALESCE(net_cost, CAST(0 AS DECIMAL(38,12))) * 1000000000000) AS net,
  toInt256(COALESCE(net_effective_cost, CAST(0 AS DECIMAL(38,12))) * 1000000000000) AS net_effective,
  CASE WHEN billed_cost = 0 AND COALESCE(effective_cost, billed_cost) = 0 AND COALESCE(list_cost, billed_cost) = 0
    AND COALESCE(contracted_cost, billed_cost) = 0 AND COALESCE(net_cost, CAST(0 AS DECIMAL(38,12))) = 0
    AND COALESCE(net_effective_cost, CAST(0 AS DECIMAL(38,12))) = 0 AND COALESCE(pricing_quantity, CAST(0 AS DECIMAL(38,15))) = 0
    AND COALESCE(consumed_quantity, CAST(0 AS DECIMAL(38,15))) = 0 THEN 1 ELSE 0 END AS is_nothing,
  toInt256(floor(COALESCE(pricing_quantity, CAST(0 AS DECIMAL(38,15))))) * 1000000000000000
    + toInt256((COALESCE(pricing_quantity, CAST(0 AS DECIMAL(38,15))) - floor(COALESCE(pricing_quantity, CAST(0 AS DECIMAL(38,15))))) * 1000000000000000) AS priced,
  toInt256(floor(COALESCE(consumed_quantity, CAST(0 AS DECIMAL(38,15))))) * 1000000000000000
    + toInt256((COALESCE(consumed_quantity, CAST(0 AS DECIMAL(38,15))) - floor(COALESCE(consumed_quantity, CAST(0 AS DECIMAL(38,15))))) * 1000000000000000) AS consumed
FROM current_charge
WHERE charge_period_start >= $starts_at AND charge_period_start < $ends_at
