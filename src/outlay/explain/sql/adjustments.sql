-- adjustments: what came late for closed months and is shown in the months of a period.
-- grain:   one row per closed month, the dimensions and currency
-- reads:   posted_adjustment
-- returns: adjusts: the closed month; the dimensions; currency; amount
SELECT month AS adjusts, {dimensions} currency, SUM(after - before) AS amount
FROM posted_adjustment
WHERE booked_in >= CAST($first AS DATE) AND booked_in < CAST($end AS DATE){where}
GROUP BY ALL
ORDER BY adjusts, ABS(SUM(after - before)) DESC, {names} currency
