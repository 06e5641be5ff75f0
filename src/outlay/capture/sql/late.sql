-- late: events that came for a month after its own were removed, by import.
-- grain:   one row per month and import that was taken in before $taken_before
-- reads:   current_usage, take_in, removal
-- returns: month (its first day); take_in; events
-- $until: the end of the last such month, so that only the time before it is looked at
SELECT used.month AS month, used.take_in AS take_in, SUM(used.event) AS events
FROM (
  SELECT CAST(date_trunc('month', time) AS DATE) AS month, take_in, CASE WHEN attempt > 0 THEN 1 ELSE 0 END AS event
  FROM current_usage
  WHERE time < $until
) AS used
JOIN take_in AS t ON t.take_in = used.take_in
WHERE t.taken_at < $taken_before AND used.month IN (SELECT month FROM removal WHERE done)
GROUP BY used.month, used.take_in
ORDER BY month, take_in
