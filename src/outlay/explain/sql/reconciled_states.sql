-- reconciled_states: what of a provider's bill was held against usage, and what of it no cause explains.
-- grain:   one row per month and provider as usage names it
-- reads:   reconciliation, current_run
-- returns: month; provider; billed, estimated; open: not billed and rest, each without its sign; all currencies together, as
--          only ratios are made of them
SELECT
  month, provider, SUM(ABS(billed)) AS billed, SUM(estimated) AS estimated, SUM(ABS(rest)) - SUM(not_billed) AS open
FROM reconciliation
WHERE run IN (SELECT run FROM current_run) AND month < CAST($end AS DATE) AND month >= date_trunc('month', CAST($first AS DATE))
GROUP BY month, provider
ORDER BY month, provider
