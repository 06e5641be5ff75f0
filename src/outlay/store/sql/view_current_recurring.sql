-- current_recurring: the newest statement of what each customer's subscriptions come to a month.
-- grain:   one row per month, customer and currency
-- reads:   revenue, take_in
-- returns: month, customer, amount, currency
-- law:     beside what was invoiced, never added to it: margins take it only where current_revenue does
SELECT r.month AS month, r.customer AS customer, SUM(r.amount) AS amount, r.currency AS currency
FROM revenue AS r
JOIN (
  SELECT n.month AS month, n.customer AS customer, MAX(t.taken_at) AS taken_at
  FROM revenue AS n
  JOIN take_in AS t ON t.take_in = n.take_in
  WHERE n.kind = 'recurring'
  GROUP BY n.month, n.customer
) AS newest ON newest.month = r.month AND newest.customer = r.customer
JOIN take_in AS t ON t.take_in = r.take_in AND t.taken_at = newest.taken_at
WHERE r.kind = 'recurring'
GROUP BY r.month, r.customer, r.currency
