-- plan_moved: what a plan gives and what the ledger in force does, over the rules that differ.
-- grain:   one row per value of the dimension and currency
-- reads:   share
-- returns: the dimension; currency; before, after: billed cost in it
-- $base: the run in force; $changed: names of the rules that differ, between unit separators
SELECT
  {names} currency,
  SUM(CASE WHEN run = $base THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS before,
  SUM(CASE WHEN run = $run THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS after
FROM share
WHERE (run = $run OR run = $base) AND POSITION('␟' || rule || '␟' IN $changed) > 0
GROUP BY ALL
ORDER BY {names} currency
