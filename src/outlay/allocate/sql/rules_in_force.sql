-- rules_in_force: the version of the rules that was applied last, of those meant for a month.
-- grain:   one row per rule, dimension and mapping, in order
-- reads:   rule
-- returns: rule_version, kind, place, rule, definition, applied_at
-- $month: its first day
SELECT rule_version, kind, place, rule, definition, applied_at
FROM rule
WHERE applied_at = (
  SELECT MAX(applied_at) FROM rule WHERE COALESCE(effective_from, CAST('1900-01-01' AS DATE)) <= CAST($month AS DATE)
)
ORDER BY kind, place
