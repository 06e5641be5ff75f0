-- open_pools: how many pools of one rule have no shares yet.
-- grain:   one row
-- reads:   pool, share
-- returns: pools
SELECT COUNT(*) AS pools
FROM pool
WHERE run = $run AND rule = $rule AND pool NOT IN (SELECT pool FROM share WHERE run = $run AND rule = $rule)
