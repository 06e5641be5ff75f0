-- distinct_customers: how many customers there were, by any dimensions that the table asked keeps. Never summed: asked anew for
-- each total.
-- grain:   one row per value of the dimensions
-- reads:   rollup_day or rollup_usage_month; current_run
-- returns: the dimensions; customers
SELECT {dimensions} COUNT(DISTINCT customer) AS customers
FROM {table}
WHERE run IN (SELECT run FROM current_run) AND {period}{where}
GROUP BY ALL
