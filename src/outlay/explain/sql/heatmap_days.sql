-- heatmap_days: usage by day and hour, in UTC, so that each day can be converted at its own rate.
-- grain:   one row per day, hour and currency
-- reads:   rollup_hour, current_run
-- returns: day; hour_of_day; currency; amount (usage times price) in it; calls; tokens
SELECT
  CAST("hour" AS DATE) AS "day", CAST(EXTRACT(hour FROM "hour") AS BIGINT) AS hour_of_day, currency,
  SUM(estimated_cost) AS amount, SUM(calls) AS calls, SUM(tokens) AS tokens
FROM rollup_hour
WHERE run IN (SELECT run FROM current_run) AND "hour" >= $starts_at AND "hour" < $ends_at{where}
GROUP BY 1, 2, currency
ORDER BY "day", hour_of_day, currency
