-- figures: the sums that the ledger of one run comes to, for its fingerprint.
-- grain:   one row per provider and currency
-- reads:   conservation
-- returns: provider, currency, billed, allocated, idle, unallocated
SELECT provider, currency, billed, allocated, idle, unallocated
FROM conservation
WHERE run = $run
ORDER BY provider, currency
