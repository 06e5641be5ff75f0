-- pools_off: pools whose shares do not sum to them.
-- grain:   one row per such pool
-- reads:   pool, share
-- returns: pool, rule, provider, day, currency, amount, shared, off_by
-- law:     there are none
SELECT
  p.pool AS pool, p.rule AS rule, p.provider AS provider, p."day" AS "day", p.currency AS currency, p.amount AS amount,
  COALESCE(s.shared, CAST(0 AS DECIMAL(38,12))) AS shared,
  p.amount - COALESCE(s.shared, CAST(0 AS DECIMAL(38,12))) AS off_by
FROM pool AS p
LEFT JOIN (SELECT pool, SUM(amount) AS shared FROM share WHERE run = $run GROUP BY pool) AS s ON s.pool = p.pool
WHERE p.run = $run AND p.amount <> COALESCE(s.shared, CAST(0 AS DECIMAL(38,12)))
ORDER BY pool
LIMIT 20
