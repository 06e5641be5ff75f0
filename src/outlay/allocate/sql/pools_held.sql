-- pools_held: the highest number of a pool of a run.
-- grain:   one row
-- reads:   pool
-- returns: pools; 0 when there are none
SELECT COALESCE(MAX(pool), 0) AS pools
FROM pool
WHERE run = $run
