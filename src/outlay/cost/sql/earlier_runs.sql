-- earlier_runs: runs of a month that were published before this one and still hold rows.
-- grain:   one row per run
-- reads:   publication, conservation, price_vector
-- returns: run
SELECT DISTINCT run
FROM publication
WHERE month = CAST($month AS DATE) AND run <> $run
  AND run IN (SELECT run FROM conservation UNION ALL SELECT run FROM price_vector)
ORDER BY run
