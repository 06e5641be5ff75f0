-- figures_by: the parts of one run's ledger, for its fingerprint and to compare with.
-- grain:   one row per feature, customer, team and currency
-- reads:   rollup_ledger_month
-- returns: feature, customer, team, currency, amount
SELECT feature, customer, team, currency, SUM(amount) AS amount
FROM rollup_ledger_month
WHERE run = $run
GROUP BY feature, customer, team, currency
ORDER BY COALESCE(feature, ''), COALESCE(customer, ''), COALESCE(team, ''), currency
