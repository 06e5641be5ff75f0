-- currencies: the currencies of what a period cost and earned, for which exchange rates are wanted.
-- grain:   one row per currency
-- reads:   current_charge, rollup_coverage, rollup_day, current_run, current_revenue
-- returns: currency
SELECT currency
FROM (
  SELECT DISTINCT billing_currency AS currency FROM current_charge
  WHERE charge_period_start >= $starts_at AND charge_period_start < $ends_at
  UNION ALL
  SELECT DISTINCT currency FROM rollup_coverage
  WHERE run IN (SELECT run FROM current_run) AND "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE)
  UNION ALL
  SELECT DISTINCT currency FROM rollup_day
  WHERE run IN (SELECT run FROM current_run) AND "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE)
  UNION ALL
  SELECT DISTINCT currency FROM current_revenue
  WHERE month >= CAST($first AS DATE) AND month < CAST($end AS DATE)
) AS found
GROUP BY currency
ORDER BY currency
