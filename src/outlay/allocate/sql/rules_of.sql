-- rules_of: the rules of one version.
-- grain:   one row per rule, dimension and mapping, in order (a version that was applied twice is there once)
-- reads:   rule
-- returns: kind, place, rule, definition
SELECT kind, place, rule, definition
FROM rule
WHERE rule_version = $version
GROUP BY kind, place, rule, definition
ORDER BY kind, place
