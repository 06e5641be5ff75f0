-- cost_rollup: the same as cost_ledger, from the rolled-up ledger, for the dimensions that it keeps.
-- grain:   one row per value of the dimensions and currency
-- reads:   rollup_ledger, current_run
-- returns: the dimensions; currency; amount in it
SELECT {dimensions} currency, SUM(amount) AS amount
FROM rollup_ledger
WHERE run IN (SELECT run FROM current_run) AND "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE){where}
GROUP BY ALL
ORDER BY SUM(amount) DESC, {names} currency
