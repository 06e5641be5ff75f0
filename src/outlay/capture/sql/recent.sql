-- recent: the events that happened last.
-- grain:   one row per event
-- reads:   current_usage
-- returns: id, fingerprint; the last first
SELECT id, fingerprint
FROM current_usage
WHERE attempt > 0
ORDER BY time DESC, id
LIMIT 250000
