-- sensors: who saw a month's usage.
-- grain:   one row per sensor
-- reads:   current_usage
-- returns: sensor; attempts
SELECT sensor, COUNT(*) AS attempts
FROM current_usage
WHERE time >= $starts_at AND time < $ends_at
GROUP BY sensor
ORDER BY sensor
