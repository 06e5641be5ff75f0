-- rules_naming: allocation rules in whose definition a text stands.
-- grain:   one row per rule, whatever its version
-- reads:   rule
-- returns: rule
SELECT DISTINCT rule
FROM rule
WHERE POSITION($text IN definition) > 0
ORDER BY rule
