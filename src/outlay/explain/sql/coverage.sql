-- coverage: how many dollars of a period have an owner, by dimension.
-- grain:   one row per currency
-- reads:   share, or apportioned where a filter asks for what pools know; current_run
-- returns: currency; total, idle, unallocated; <dimension>_amount: the part that names one, in currency
SELECT
  currency,
  SUM(amount) AS total,
  SUM(CASE WHEN state = 'idle' THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS idle,
  SUM(CASE WHEN state = 'unallocated' THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS unallocated,
  SUM(CASE WHEN feature IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS feature_amount,
  SUM(CASE WHEN customer IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS customer_amount,
  SUM(CASE WHEN team IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS team_amount,
  SUM(CASE WHEN "user" IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS user_amount,
  SUM(CASE WHEN environment IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS environment_amount,
  SUM(CASE WHEN service IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS service_amount,
  SUM(CASE WHEN "release" IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS release_amount
FROM {table}
WHERE run IN (SELECT run FROM current_run) AND "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE){where}
GROUP BY currency
ORDER BY currency
