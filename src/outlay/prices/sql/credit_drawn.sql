-- credit_drawn: the credits on the bills of a span.
-- grain:   one row per provider and currency
-- reads:   current_charge
-- returns: provider as the bill names it; currency; drawn, what its credits take off, in it
SELECT provider, billing_currency AS currency, -SUM(billed_cost) AS drawn
FROM current_charge
WHERE charge_category = 'Credit' AND charge_period_start >= $starts_at AND charge_period_start < $ends_at
GROUP BY 1, 2
ORDER BY 1, 2
