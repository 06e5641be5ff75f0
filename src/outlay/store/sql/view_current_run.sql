-- current_run: the run that is the ledger of each month.
-- grain:   one row per month
-- reads:   publication
-- returns: month, run, published_at, rule_version, prices_known_at
SELECT month, run, published_at, rule_version, prices_known_at
FROM publication
QUALIFY ROW_NUMBER() OVER (PARTITION BY month ORDER BY published_at DESC, run DESC) = 1
