-- current_revenue: the newest statement of each customer's revenue.
-- grain:   one row per month, customer, kind and currency
-- reads:   revenue, take_in
-- returns: month, customer, kind, amount, currency
-- law:     the newest committed import that speaks of a customer and month is the one that holds; what is derived from
--          subscriptions (kind `recurring`) counts only where no other import speaks of them, and is never added to it
SELECT r.month AS month, r.customer AS customer, r.kind AS kind, SUM(r.amount) AS amount, r.currency AS currency
FROM revenue AS r
JOIN (
  SELECT
    spoken.month AS month, spoken.customer AS customer, spoken.derived AS derived, spoken.taken_at AS taken_at,
    ROW_NUMBER() OVER (PARTITION BY spoken.month, spoken.customer ORDER BY spoken.derived) AS place
  FROM (
    SELECT
      n.month AS month, n.customer AS customer, CASE WHEN n.kind = 'recurring' THEN 1 ELSE 0 END AS derived,
      MAX(t.taken_at) AS taken_at
    FROM revenue AS n
    JOIN take_in AS t ON t.take_in = n.take_in
    GROUP BY n.month, n.customer, CASE WHEN n.kind = 'recurring' THEN 1 ELSE 0 END
  ) AS spoken
) AS newest ON newest.month = r.month AND newest.customer = r.customer
  AND newest.derived = CASE WHEN r.kind = 'recurring' THEN 1 ELSE 0 END
JOIN take_in AS t ON t.take_in = r.take_in AND t.taken_at = newest.taken_at
WHERE newest.place = 1
GROUP BY r.month, r.customer, r.kind, r.currency
