-- rule_history: every time that rules were put into force.
-- grain:   one row per time, the last first
-- reads:   rule
-- returns: rule_version, applied_at, effective_from, author, reason, rules: how many
SELECT rule_version, applied_at, MIN(effective_from) AS effective_from, MIN(author) AS author, MIN(reason) AS reason,
  SUM(CASE WHEN kind = '' THEN 1 ELSE 0 END) AS rules
FROM rule
GROUP BY rule_version, applied_at
ORDER BY applied_at DESC, rule_version
