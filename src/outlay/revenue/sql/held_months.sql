-- held_months: the months of which files of a source say revenue now, with nothing as the amount.
-- grain:   one row per customer, month and currency
-- reads:   revenue, take_in, source_file, current_revenue
-- returns: customer, month, currency, amount (0, currency)
SELECT h.customer AS customer, h.month AS month, h.currency AS currency, CAST(0 AS DECIMAL(38, 12)) AS amount
FROM current_revenue AS h
WHERE h.month >= CAST($first AS DATE) AND h.month < CAST($end AS DATE)
  AND h.amount <> 0
  AND (h.customer, h.month) IN (
    SELECT r.customer, r.month
    FROM revenue AS r
    JOIN take_in AS t ON t.take_in = r.take_in
    JOIN source_file AS f ON f.take_in = r.take_in AND f.file = r.file
    WHERE t.source = $source AND f.name LIKE $files
  )
GROUP BY h.customer, h.month, h.currency
ORDER BY customer, month, currency
