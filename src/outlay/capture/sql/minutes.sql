-- minutes: the minutes that the events of an import are of.
-- grain:   one row per minute
-- reads:   arrival
-- returns: minute
SELECT DISTINCT CAST(date_trunc('minute', time) AS TIMESTAMP) AS minute
FROM arrival
WHERE take_in = $take_in
ORDER BY minute
