-- gap_evidence: how the causes of gaps were concluded.
-- grain:   one row per piece of evidence
-- reads:   gap_evidence, current_run
-- returns: month, cause, provider, sub_account, model, token_class, first_day, last_day, currency, amount, means
SELECT month, cause, provider, sub_account, model, token_class, first_day, last_day, currency, amount, means
FROM gap_evidence
WHERE run IN (SELECT run FROM current_run) AND first_day < CAST($end AS DATE) AND last_day >= CAST($first AS DATE){where}
ORDER BY cause, ABS(amount) DESC, month, place
