-- units_used: the units of a month's usage that are no tokens.
-- grain:   one row per unit
-- reads:   rollup_day
-- returns: unit
SELECT unit
FROM rollup_day
WHERE run = $run AND unit IS NOT NULL AND quantity > 0
GROUP BY unit
ORDER BY unit
