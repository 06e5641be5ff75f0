-- gap: how much of what was billed no cause with evidence explains, of providers that have a bill.
-- grain:   one row per provider and currency
-- reads:   reconciliation
-- returns: provider, currency; billed; gap: billed less estimated; open: unseen, not billed and rest, each without its sign
SELECT
  provider, currency, SUM(billed) AS billed, SUM(billed - estimated) AS gap,
  SUM(unseen) - SUM(not_billed) + SUM(ABS(rest)) AS open
FROM reconciliation
WHERE run = $run
GROUP BY provider, currency
HAVING SUM(CASE WHEN billed <> 0 THEN 1 ELSE 0 END) > 0
ORDER BY provider, currency
