-- pools_of: the pools of one rule.
-- grain:   one row per pool
-- reads:   pool
-- returns: the columns of pool
SELECT *
FROM pool
WHERE run = $run AND rule = $rule
ORDER BY pool
