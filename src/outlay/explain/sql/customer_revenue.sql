-- customer_revenue: what customers paid for the months that begin in a period, and who they are.
-- grain:   one row per customer, month and currency; one without a month for a customer who is known and paid nothing
-- reads:   current_customer, current_revenue
-- returns: customer, name, segment, plan; month (its first day), currency, amount in it
SELECT
  COALESCE(c.customer, r.customer) AS customer, c.name AS name, c.segment AS segment, c.plan AS plan,
  r.month AS month, r.currency AS currency, r.amount AS amount
FROM current_customer AS c
FULL JOIN (
  SELECT customer, month, currency, SUM(amount) AS amount
  FROM current_revenue
  WHERE month >= CAST($first AS DATE) AND month < CAST($end AS DATE)
  GROUP BY customer, month, currency
) AS r ON r.customer = c.customer
ORDER BY customer, month, currency
