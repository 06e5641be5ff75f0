-- sensitivity_pots: what the pots of one rule have to give, idle capacity apart.
-- grain:   one row per day, part, currency, and the pool's own feature, customer and team
-- reads:   pot, pool, share
-- returns: day; part; currency; feature, customer, team; amount in currency
-- $in_*, $key: as in allocate/pot
SELECT
  p."day" AS "day", p.part AS part, p.currency AS currency, p.feature AS feature, p.customer AS customer, p.team AS team,
  SUM(s.amount) AS amount
FROM (
  SELECT
    "day", currency, feature, customer, team, pool, passing,
    CASE WHEN $in_provider = 1 THEN lower(COALESCE(known_provider, '')) ELSE '' END {part allocate/agreed} || '␟' AS part
  FROM pool
  WHERE run = $run AND rule = $rule AND passing = ''
) AS p
JOIN (
  SELECT pool, SUM(amount) AS amount
  FROM share
  WHERE run = $run AND rule = $rule AND state <> 'idle'
  GROUP BY pool
) AS s ON s.pool = p.pool
GROUP BY p."day", p.part, p.currency, p.feature, p.customer, p.team
ORDER BY p."day", p.part, p.currency, p.feature, p.customer, p.team
