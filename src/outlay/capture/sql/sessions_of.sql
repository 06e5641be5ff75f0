-- sessions_of: the sessions in which a user was seen.
-- grain:   one row per session
-- reads:   usage
-- returns: session
SELECT DISTINCT session
FROM "usage"
WHERE "user" = $user AND session IS NOT NULL
ORDER BY session
