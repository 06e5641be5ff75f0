-- releases: deployments of a period.
-- grain:   one row per release and service
-- reads:   release, take_in
-- returns: release, service, released_at
SELECT DISTINCT r."release" AS "release", r.service AS service, r.released_at AS released_at
FROM "release" AS r
WHERE r.take_in IN (SELECT take_in FROM take_in) AND r.released_at >= $starts_at AND r.released_at < $ends_at
ORDER BY released_at, "release", service
