-- live_runs: the parts of minutes that are priced for being looked at now.
-- grain:   one row per part
-- reads:   price_vector
-- returns: run
SELECT DISTINCT run
FROM price_vector
WHERE run LIKE 'live-%'
ORDER BY run
