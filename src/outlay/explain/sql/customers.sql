-- customers: what each customer cost and paid in a period.
-- grain:   one row per customer and currency
-- reads:   share or rollup_ledger_month; current_run, current_customer, current_revenue
-- returns: customer, name, segment, plan, currency, amount (cost), revenue (whole months that begin in the period; NULL
--          when none is known); both in currency
SELECT
  l.customer AS customer, c.name AS name, c.segment AS segment, c.plan AS plan, l.currency AS currency,
  l.cost AS amount, r.revenue AS revenue
FROM (
  SELECT customer, currency, SUM(amount) AS cost
  FROM {table}
  WHERE run IN (SELECT run FROM current_run) AND {period} AND customer IS NOT NULL{where}
  GROUP BY customer, currency
) AS l
LEFT JOIN current_customer AS c ON c.customer = l.customer
LEFT JOIN (
  SELECT customer, currency, SUM(amount) AS revenue
  FROM current_revenue
  WHERE month >= CAST($first AS DATE) AND month < CAST($end AS DATE)
  GROUP BY customer, currency
) AS r ON r.customer = l.customer AND r.currency = l.currency
ORDER BY amount DESC, customer
