-- ledger: the shares in force.
-- grain:   one row per day, pool and attribution
-- reads:   share, current_run
-- returns: the columns of share
SELECT s.*
FROM share AS s
WHERE s.run IN (SELECT run FROM current_run)
