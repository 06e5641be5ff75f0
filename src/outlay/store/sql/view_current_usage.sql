-- current_usage: the usage in force.
-- grain:   one row per attempt and sensor
-- reads:   usage, take_in
-- returns: the columns of usage
-- law:     an event counts once its import is committed
SELECT u.*
FROM usage AS u
WHERE u.take_in IN (SELECT take_in FROM take_in)
