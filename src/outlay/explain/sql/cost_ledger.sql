-- cost_ledger: what the ledger says a period cost, by any dimensions of a share.
-- grain:   one row per value of the dimensions and currency
-- reads:   ledger
-- returns: the dimensions; currency; amount in it
SELECT {dimensions} currency, SUM(amount) AS amount
FROM ledger
WHERE "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE){where}
GROUP BY ALL
ORDER BY SUM(amount) DESC, {names} currency
