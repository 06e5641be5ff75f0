-- unpriced: how much of a run's usage has no price.
-- grain:   one row
-- reads:   rollup_day
-- returns: unpriced_quantity in tokens and units; unpriced_bound in currency: the most it may cost
SELECT
  COALESCE(SUM(unpriced_quantity), CAST(0 AS DECIMAL(38,15))) AS unpriced_quantity,
  COALESCE(SUM(unpriced_bound), CAST(0 AS DECIMAL(38,12))) AS unpriced_bound
FROM rollup_day
WHERE run = $run
