-- closed_months: the months whose figures are final.
-- grain:   one row per month
-- reads:   current_closing
-- returns: month; decided_at; actor; reason; run
SELECT month, decided_at, actor, reason, run
FROM current_closing
ORDER BY month
