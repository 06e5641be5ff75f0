-- evidence_rule: the rules of one version.
-- grain:   one row per rule, in order (a version that was applied twice is there once)
-- reads:   rule
-- returns: place, rule, definition
SELECT place, rule, definition
FROM rule
WHERE rule_version = $version
GROUP BY place, rule, definition
ORDER BY place
