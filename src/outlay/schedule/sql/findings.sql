-- findings: the findings of some rules that are open.
-- grain:   one row per finding
-- reads:   current_finding
-- returns: the columns of finding; amount (currency)
SELECT f.*
FROM current_finding AS f
WHERE f.closed_at IS NULL AND f.rule LIKE $rules
ORDER BY opened_at, finding
