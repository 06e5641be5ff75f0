-- waiting: events that came for a month after its own were removed.
-- grain:   one row per month
-- reads:   current_usage, removal
-- returns: month (its first day); events
-- $until: the end of the last such month, so that only the time before it is looked at
SELECT month, COUNT(*) AS events
FROM (
  SELECT CAST(date_trunc('month', time) AS DATE) AS month
  FROM current_usage
  WHERE time < $until AND attempt > 0
) AS used
WHERE month IN (SELECT month FROM removal WHERE done)
GROUP BY month
ORDER BY month
