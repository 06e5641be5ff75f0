-- ledger: the shares in force.
-- grain:   one row per day, pool and attribution
-- reads:   apportioned, current_run
-- returns: the columns of share
SELECT s.*
FROM apportioned AS s
WHERE s.run IN (SELECT run FROM current_run)
