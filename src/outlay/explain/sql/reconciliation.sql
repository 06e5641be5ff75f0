-- reconciliation: what AI providers billed against what usage times price says.
-- grain:   one row per value of the dimensions and currency
-- reads:   reconciliation, current_run
-- returns: the dimensions; currency; billed, estimated; the parts of the gap, which sum to billed - estimated; billed_usage: what
--          was billed for usage at our price; billed_quantity, seen_quantity: of the class, tokens or another unit
SELECT
  {dimensions} currency, SUM(billed) AS billed, SUM(estimated) AS estimated, SUM(unseen) AS unseen,
  SUM(timed_out) AS timed_out, SUM(counted_twice) AS counted_twice, SUM(not_billed) AS not_billed, SUM(timing) AS timing,
  SUM(price) AS price, SUM(context) AS context, SUM(restatement) AS restatement, SUM(unmetered) AS unmetered,
  SUM(credits_and_tax) AS credits_and_tax, SUM(rest) AS rest, SUM(billed_usage) AS billed_usage,
  SUM(billed_quantity) AS billed_quantity, SUM(seen_quantity) AS seen_quantity
FROM reconciliation
WHERE run IN (SELECT run FROM current_run) AND "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE){where}
GROUP BY ALL
ORDER BY SUM(billed) DESC, {names} currency
