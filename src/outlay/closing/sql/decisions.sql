-- decisions: what was decided about months.
-- grain:   one row per decision
-- reads:   closing
-- returns: the columns of closing
SELECT month, decided_at, closed, actor, reason, run, rule_version, fingerprint
FROM closing
ORDER BY month, decided_at, closed DESC
