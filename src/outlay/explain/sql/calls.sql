-- calls: how many calls there were in a period, by any dimensions that the table asked keeps.
-- grain:   one row per value of the dimensions
-- reads:   rollup_day, rollup_user_month or rollup_usage_month; current_run
-- returns: the dimensions; calls
SELECT {dimensions} SUM(calls) AS calls
FROM {table}
WHERE run IN (SELECT run FROM current_run) AND {period}{where}
GROUP BY ALL
