-- conflicts: events of an import whose id is held with another content.
-- grain:   one row per such event
-- reads:   arrival, usage, take_in
-- returns: file, line, id
-- law:     an event that arrived is taken, or its like is held, or it is one of these
WITH span AS (
  SELECT MIN(time) - INTERVAL 7 DAY AS since, MAX(time) + INTERVAL 7 DAY AS until FROM arrival WHERE take_in = $take_in
), held AS (
  SELECT DISTINCT u.id AS id, u.fingerprint AS fingerprint
  FROM "usage" AS u
  WHERE (u.take_in = $take_in OR u.take_in IN (SELECT take_in FROM take_in))
    AND u.time >= (SELECT since FROM span) AND u.time <= (SELECT until FROM span)
    AND u.id IN (SELECT id FROM arrival WHERE take_in = $take_in)
)
SELECT DISTINCT a.file AS file, a.line AS line, a.id AS id
FROM arrival AS a
LEFT JOIN held AS h ON h.id = a.id AND h.fingerprint = a.fingerprint
WHERE a.take_in = $take_in AND h.id IS NULL
ORDER BY file, line
