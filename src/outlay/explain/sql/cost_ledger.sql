-- cost_ledger: what the ledger says a period cost, by any dimensions that the table asked keeps.
-- grain:   one row per value of the dimensions and currency
-- reads:   share, rollup_ledger or rollup_ledger_month; current_run
-- returns: the dimensions; currency; amount in it
SELECT {dimensions} currency, SUM(amount) AS amount
FROM {table}
WHERE run IN (SELECT run FROM current_run) AND {period}{where}
GROUP BY ALL
ORDER BY SUM(amount) DESC, {names} currency
