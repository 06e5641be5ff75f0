-- signature: every combination of the bill columns that the rules look at.
-- grain:   one row per combination
-- reads:   current_charge
-- returns: those columns; signature: their values as one text; charges
SELECT {dimensions} {key} AS signature, COUNT(*) AS charges
FROM current_charge
WHERE charge_period_start >= $starts_at AND charge_period_start < $ends_at
GROUP BY ALL
ORDER BY signature
