-- current_revenue: the newest statement of each customer's revenue.
-- grain:   one row per month, customer, kind and currency
-- reads:   revenue, take_in
-- returns: month, customer, kind, amount, currency
-- law:     the newest committed import that speaks of a customer and month is the one that holds
SELECT r.month AS month, r.customer AS customer, r.kind AS kind, SUM(r.amount) AS amount, r.currency AS currency
FROM revenue AS r
JOIN (
  SELECT n.month AS month, n.customer AS customer, MAX(t.taken_at) AS taken_at
  FROM revenue AS n
  JOIN take_in AS t ON t.take_in = n.take_in
  GROUP BY n.month, n.customer
) AS newest ON newest.month = r.month AND newest.customer = r.customer
JOIN take_in AS t ON t.take_in = r.take_in AND t.taken_at = newest.taken_at
GROUP BY r.month, r.customer, r.kind, r.currency
