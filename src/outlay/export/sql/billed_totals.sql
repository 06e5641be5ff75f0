-- billed_totals: what the charges of a period add up to.
-- grain:   one row per currency
-- reads:   current_charge
-- returns: currency; charges; billed in currency
SELECT billing_currency AS currency, COUNT(*) AS charges, SUM(billed_cost) AS billed
FROM current_charge
WHERE charge_period_start >= $only_from AND charge_period_start < $only_to
GROUP BY billing_currency
ORDER BY currency
