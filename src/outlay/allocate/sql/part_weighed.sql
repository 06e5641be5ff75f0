-- weighed: what one row of rolled-up usage weighs for a driver.
-- grain:   one expression
-- reads:   nothing by itself; wants the columns of rollup_day
-- returns: the driver in its own unit: estimated_cost in 1e-9 of the currency, duration in milliseconds, others in thousandths
-- $driver, $unit: which
CASE
  WHEN $driver = 'calls' THEN toInt256(calls) * 1000
  WHEN $driver = 'attempts' THEN toInt256(attempts) * 1000
  WHEN $driver = 'tokens' THEN toInt256(tokens) * 1000
  WHEN $driver = 'duration_ms' THEN toInt256(duration_ms)
  WHEN $driver = 'estimated_cost' THEN intDiv(toInt256(estimated_cost * 1000000000000), 1000)
  WHEN unit = $unit THEN toInt256(floor(quantity * 1000))
  ELSE toInt256(0) END
