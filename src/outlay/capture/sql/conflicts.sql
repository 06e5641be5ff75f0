-- conflicts: events of an import whose id is known with another content.
-- grain:   one row per such event
-- reads:   arrival, usage, take_in
-- returns: file, line, id
WITH held AS (
  SELECT DISTINCT u.id AS id, u.fingerprint AS fingerprint
  FROM "usage" AS u
  WHERE (u.take_in = $take_in OR u.take_in IN (SELECT take_in FROM take_in))
    AND u.id IN (SELECT id FROM arrival WHERE take_in = $take_in)
)
SELECT DISTINCT a.file AS file, a.line AS line, a.id AS id
FROM arrival AS a
JOIN held AS h ON h.id = a.id
WHERE a.take_in = $take_in AND a.fingerprint <> h.fingerprint
ORDER BY file, line
