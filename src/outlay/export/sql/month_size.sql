-- month_size: how many charges there are, and how many of them are longer than a day.
-- grain:   one row
-- reads:   current_charge
-- returns: charges, long
SELECT
  COUNT(*) AS charges,
  COALESCE(SUM(CASE WHEN dateDiff('day', CAST(charge_period_start AS DATE), CAST(charge_period_end - INTERVAL 1 MICROSECOND AS DATE)) > 0
    THEN 1 ELSE 0 END), 0) AS long
FROM current_charge
WHERE charge_period_start >= $only_from AND charge_period_start < $only_to
