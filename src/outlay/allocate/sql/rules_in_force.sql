-- rules_in_force: the version of the rules that was applied last.
-- grain:   one row per rule, in order
-- reads:   rule
-- returns: rule_version, place, rule, definition, applied_at
SELECT rule_version, place, rule, definition, applied_at
FROM rule
WHERE applied_at = (SELECT MAX(applied_at) FROM rule)
ORDER BY place
