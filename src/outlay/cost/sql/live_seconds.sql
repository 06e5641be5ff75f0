-- live_seconds: the seconds that something was used in, since an instant.
-- grain:   one row per second
-- reads:   current_usage
-- returns: second
SELECT DISTINCT CAST(date_trunc('second', time) AS TIMESTAMP) AS second
FROM current_usage
WHERE time >= $starts_at AND time < $ends_at
ORDER BY second
