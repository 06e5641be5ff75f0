-- cost_billed: what was billed for a period, by any column of a bill or tag.
-- grain:   one row per value of the dimensions and currency
-- reads:   standing_charge
-- returns: the dimensions; currency; amount in it; charges
SELECT {dimensions} billing_currency AS currency, SUM(billed_cost) AS amount, COUNT(*) AS charges
FROM standing_charge
WHERE charge_period_start >= $starts_at AND charge_period_start < $ends_at{where}
GROUP BY ALL
ORDER BY amount DESC, {names} currency
