-- billed_states: up to when a provider billed for usage, as far as the ledger goes.
-- grain:   one row per month and provider on the bill
-- reads:   rollup_ledger, current_run
-- returns: month; provider; first_day, last_day of charges for usage, absent when there are none
SELECT
  month, provider,
  MIN(CASE WHEN charge_category = 'Usage' THEN "day" END) AS first_day,
  MAX(CASE WHEN charge_category = 'Usage' THEN "day" END) AS last_day
FROM rollup_ledger
WHERE run IN (SELECT run FROM current_run) AND month < CAST($end AS DATE) AND month >= date_trunc('month', CAST($first AS DATE))
GROUP BY month, provider
ORDER BY month, provider
