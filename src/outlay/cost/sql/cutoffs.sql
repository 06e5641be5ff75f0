-- cutoffs: up to when the ledger of a month knows corrections of past prices.
-- grain:   one row per provider; the empty one stands for all others
-- reads:   correction_cutoff, current_run
-- returns: provider, corrections_known_at, prices_known_at (of the run)
SELECT c.provider AS provider, c.corrections_known_at AS corrections_known_at, r.prices_known_at AS prices_known_at
FROM correction_cutoff AS c
JOIN current_run AS r ON r.run = c.run
WHERE c.month = CAST($month AS DATE)
ORDER BY provider
