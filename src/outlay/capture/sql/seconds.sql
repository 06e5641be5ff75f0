-- seconds: the seconds that the events of an import are of.
-- grain:   one row per second
-- reads:   arrival
-- returns: second
SELECT DISTINCT CAST(date_trunc('second', time) AS TIMESTAMP) AS second
FROM arrival
WHERE take_in = $take_in
ORDER BY second
