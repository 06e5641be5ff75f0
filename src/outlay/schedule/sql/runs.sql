-- runs: the runs of all scheduled sources since an instant.
-- grain:   one row per run
-- reads:   source_run
-- returns: the columns of source_run; landed (rows)
SELECT r.*
FROM source_run AS r
WHERE r.began_at >= $since
ORDER BY source, began_at, ended_at
