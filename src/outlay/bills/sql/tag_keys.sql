-- tag_keys: the tag keys that an import holds.
-- grain:   one row per key
-- reads:   charge
-- returns: tag_key
-- Sets of keys first: there are few of them, however many charges there are.
SELECT DISTINCT arrayJoin(key_set) AS tag_key
FROM (SELECT DISTINCT mapKeys(tags) AS key_set FROM charge WHERE take_in = $take_in)
ORDER BY tag_key
