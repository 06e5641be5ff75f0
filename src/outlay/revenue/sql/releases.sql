-- releases: the releases that are known.
-- grain:   one row per release, service and instant
-- reads:   release, take_in
-- returns: release, service, released_at
SELECT DISTINCT r."release" AS "release", r.service AS service, r.released_at AS released_at
FROM "release" AS r
WHERE r.take_in IN (SELECT take_in FROM take_in)
