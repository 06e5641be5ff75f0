-- conserved: what one run found, with the difference that must be zero.
-- grain:   one row per provider and currency
-- reads:   conservation
-- returns: provider, currency, billed, allocated, idle, unallocated, off_by
SELECT
  provider, currency, billed, allocated, idle, unallocated,
  billed - allocated - idle - unallocated AS off_by
FROM conservation
WHERE run = $run
ORDER BY provider, currency
