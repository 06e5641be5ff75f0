-- distinct: how many customers and users there were, by any dimensions of usage. Never summed: asked anew for each total.
-- grain:   one row per value of the dimensions
-- reads:   rollup_day, current_run
-- returns: the dimensions; customers; users
SELECT {dimensions} COUNT(DISTINCT customer) AS customers, COUNT(DISTINCT "user") AS users
FROM rollup_day
WHERE run IN (SELECT run FROM current_run) AND "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE){where}
GROUP BY ALL
