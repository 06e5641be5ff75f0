-- published: the months whose ledger is in force.
-- grain:   one row per month
-- reads:   current_run
-- returns: month, run, published_at, rule_version, prices_known_at
SELECT month, run, published_at, rule_version, prices_known_at
FROM current_run
ORDER BY month
