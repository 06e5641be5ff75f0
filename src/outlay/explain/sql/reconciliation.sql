-- reconciliation: what AI providers billed against what usage times price says.
-- grain:   one row per value of the dimensions and currency
-- reads:   reconciliation, current_run
-- returns: the dimensions; currency; billed, estimated; the parts of the gap, which sum to billed - estimated
SELECT
  {dimensions} currency, SUM(billed) AS billed, SUM(estimated) AS estimated, SUM(unseen) AS unseen,
  SUM(quantity_gap) AS quantity_gap, SUM(price_gap) AS price_gap, SUM(not_billed) AS not_billed,
  SUM(credits_and_tax) AS credits_and_tax, SUM(rest) AS rest
FROM reconciliation
WHERE run IN (SELECT run FROM current_run) AND "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE){where}
GROUP BY ALL
ORDER BY SUM(billed) DESC, {names} currency
