-- pools_out: what one rule took away from others.
-- grain:   one row per pool
-- reads:   pool
-- returns: the columns of pool
SELECT *
FROM pool
WHERE run = $run AND rule = $rule AND passing = 'out'
ORDER BY pool
