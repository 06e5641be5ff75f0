-- open_pools: how many pools of one rule are not split yet.
-- grain:   one row
-- reads:   pool, pot
-- returns: pools
SELECT COUNT(*) AS pools
FROM pool
WHERE run = $run AND rule = $rule AND pool NOT IN (SELECT pool FROM pot WHERE run = $run AND rule = $rule)
