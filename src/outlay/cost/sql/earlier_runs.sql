-- earlier_runs: runs of a month that were published before this one.
-- grain:   one row per run
-- reads:   publication, conservation
-- returns: run
SELECT DISTINCT run
FROM publication
WHERE month = CAST($month AS DATE) AND run <> $run AND run IN (SELECT run FROM conservation)
ORDER BY run
