-- removed: the months whose usage events were removed.
-- grain:   one row per month
-- reads:   removal
-- returns: month (its first day); removed_at: when that began; events: how many there were; is_done: 1 when they are gone
SELECT
  month, MIN(r.removed_at) AS removed_at, SUM(r.events) AS events, MAX(CASE WHEN r.done THEN 1 ELSE 0 END) AS is_done
FROM removal AS r
GROUP BY month
ORDER BY month
