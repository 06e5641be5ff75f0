-- heatmap: usage by weekday and hour of the day, in UTC.
-- grain:   one row per weekday (1 is Monday) and hour
-- reads:   rollup_hour, current_run
-- returns: weekday, hour_of_day, currency, amount (usage times price) in it, calls, tokens
SELECT
  CAST((dateDiff('day', CAST('2024-01-01' AS DATE), CAST("hour" AS DATE)) % 7) + 1 AS BIGINT) AS weekday,
  CAST(EXTRACT(hour FROM "hour") AS BIGINT) AS hour_of_day,
  currency, SUM(estimated_cost) AS amount, SUM(calls) AS calls, SUM(tokens) AS tokens
FROM rollup_hour
WHERE run IN (SELECT run FROM current_run) AND "hour" >= $starts_at AND "hour" < $ends_at{where}
GROUP BY 1, 2, currency
ORDER BY weekday, hour_of_day, currency
