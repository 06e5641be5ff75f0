-- pools_off: pools whose shares do not sum to them.
-- grain:   one row per such pool
-- reads:   pool, pot, share
-- returns: pool, rule, provider, day, currency, amount, shared, off_by
-- law:     there are none: every pool is in one pot, the pools of a pot sum to it, and so do its shares, one after another
WITH given AS (
  SELECT pool AS pot, rule, SUM(amount) AS shared, SUM(abs(amount)) AS size, MAX(before + abs(amount)) AS reach
  FROM share
  WHERE run = $run
  GROUP BY pool, rule
), pots AS (
  SELECT rule, pot, SUM(amount) AS amount, SUM(abs(amount)) AS size, MAX(whole) AS whole, COUNT(*) AS pools
  FROM pot
  WHERE run = $run
  GROUP BY rule, pot
), judged AS (
  SELECT
    p.pool AS pool, p.rule AS rule, p.provider AS provider, p."day" AS "day", p.currency AS currency, p.amount AS amount,
    CASE
      WHEN q.pot IS NULL OR t.pools = 1 THEN COALESCE(g.shared, CAST(0 AS DECIMAL(38,12)))
      WHEN g.shared = t.amount AND g.size = t.whole AND t.size = t.whole AND g.reach = t.whole THEN p.amount
      WHEN q.pool = q.pot THEN p.amount + COALESCE(g.shared, CAST(0 AS DECIMAL(38,12))) - t.amount
      ELSE p.amount
    END AS shared
  FROM pool AS p
  LEFT JOIN pot AS q ON q.run = p.run AND q.rule = p.rule AND q.pool = p.pool
  LEFT JOIN pots AS t ON t.rule = q.rule AND t.pot = q.pot
  LEFT JOIN given AS g ON g.rule = p.rule AND g.pot = COALESCE(q.pot, p.pool)
  WHERE p.run = $run
)
SELECT pool, rule, provider, "day", currency, amount, shared, amount - shared AS off_by
FROM judged
WHERE amount <> shared
ORDER BY pool
LIMIT 20
