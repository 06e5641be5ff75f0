-- run_in_force: the run that is the ledger of a month.
-- grain:   one row, or none
-- reads:   current_run
-- returns: run, rule_version
SELECT run, rule_version
FROM current_run
WHERE month = CAST($month AS DATE)
