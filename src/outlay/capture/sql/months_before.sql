-- months_before: the months with usage events before an instant.
-- grain:   one row per month
-- reads:   current_usage
-- returns: month (its first day)
SELECT month
FROM (SELECT CAST(date_trunc('month', time) AS DATE) AS month FROM current_usage WHERE time < $until) AS used
GROUP BY month
ORDER BY month
