-- posted: what was moved already in a closed month.
-- grain:   one row per feature, customer, team and currency
-- reads:   posted_adjustment
-- returns: feature, customer, team, currency, amount
SELECT feature, customer, team, currency, SUM(after - before) AS amount
FROM posted_adjustment
WHERE month = CAST($month AS DATE)
GROUP BY feature, customer, team, currency
ORDER BY COALESCE(feature, ''), COALESCE(customer, ''), COALESCE(team, ''), currency
