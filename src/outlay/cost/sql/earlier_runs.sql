-- earlier_runs: runs of a month that are not in force and still hold rows.
-- grain:   one row per run
-- reads:   publication, current_run, conservation, price_vector
-- returns: run
SELECT DISTINCT run
FROM publication
WHERE month = CAST($month AS DATE) AND run NOT IN (SELECT run FROM current_run)
  AND run IN (SELECT run FROM conservation UNION ALL SELECT run FROM price_vector)
ORDER BY run
