-- hours: the hours that the events of an import are of.
-- grain:   one row per hour
-- reads:   arrival
-- returns: hour
SELECT DISTINCT CAST(date_trunc('hour', time) AS TIMESTAMP) AS hour
FROM arrival
WHERE take_in = $take_in
ORDER BY hour
