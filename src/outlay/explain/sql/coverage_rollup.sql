-- coverage_rollup: the same as coverage, of everything, from what the run rolled up.
-- grain:   one row per currency
-- reads:   rollup_coverage, current_run
-- returns: currency; total, idle, unallocated; <dimension>_amount: the part that names one, in currency
SELECT
  currency, SUM(total) AS total, SUM(idle) AS idle, SUM(unallocated) AS unallocated,
  SUM(feature_amount) AS feature_amount,
  SUM(customer_amount) AS customer_amount,
  SUM(team_amount) AS team_amount,
  SUM(user_amount) AS user_amount,
  SUM(environment_amount) AS environment_amount,
  SUM(service_amount) AS service_amount,
  SUM(release_amount) AS release_amount
FROM rollup_coverage
WHERE run IN (SELECT run FROM current_run) AND "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE)
GROUP BY currency
ORDER BY currency
