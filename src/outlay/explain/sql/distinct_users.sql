-- distinct_users: how many users there were, by any dimensions that the table asked keeps. Never summed: asked anew for
-- each total.
-- grain:   one row per value of the dimensions
-- reads:   rollup_day or rollup_user_month; current_run
-- returns: the dimensions; users
SELECT {dimensions} COUNT(DISTINCT "user") AS users
FROM {table}
WHERE run IN (SELECT run FROM current_run) AND {period}{where}
GROUP BY ALL
