-- landed_costs: the costs of an import beside the billed one.
-- grain:   one row per currency
-- reads:   charge
-- returns: billing_currency; effective_cost, list_cost, contracted_cost, net_cost, net_effective_cost in it, absent
--          ones left out
SELECT
  billing_currency,
  SUM(effective_cost) AS effective_cost, SUM(list_cost) AS list_cost, SUM(contracted_cost) AS contracted_cost,
  SUM(net_cost) AS net_cost, SUM(net_effective_cost) AS net_effective_cost
FROM charge
WHERE take_in = $take_in
GROUP BY billing_currency
ORDER BY billing_currency
