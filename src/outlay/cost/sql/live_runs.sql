-- live_runs: the minutes that are priced for being looked at now.
-- grain:   one row per minute
-- reads:   price_vector
-- returns: run
SELECT DISTINCT run
FROM price_vector
WHERE run LIKE 'live-%'
ORDER BY run
