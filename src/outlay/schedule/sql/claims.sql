-- claims: who claims a task, and still does; the one that wins first.
-- grain:   one row per holder
-- reads:   lease
-- returns: holder, since, until, said_at
SELECT c.holder AS holder, c.since AS since, c.until AS until, c.said_at AS said_at
FROM (
  SELECT l.holder AS holder, l.since AS since, l.until AS until, l.said_at AS said_at,
    ROW_NUMBER() OVER (PARTITION BY l.holder ORDER BY l.said_at DESC, l.until DESC) AS place
  FROM lease AS l
  WHERE l.task = $task
) AS c
WHERE c.place = 1 AND c.until > $now
ORDER BY since, holder
