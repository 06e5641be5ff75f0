-- coverage_days: how many dollars of each day have an owner, by dimension.
-- grain:   one row per day and currency
-- reads:   share, or apportioned where a filter asks for what pools know; current_run
-- returns: day; currency; total, idle, unallocated; <dimension>_amount: the part that names one, in currency
SELECT
  "day", currency,
  {part store/owned}
FROM {table}
WHERE run IN (SELECT run FROM current_run) AND "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE){where}
GROUP BY "day", currency
ORDER BY "day", currency
