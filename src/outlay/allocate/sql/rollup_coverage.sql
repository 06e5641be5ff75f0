-- rollup_coverage: how many dollars of a month have an owner, by day and dimension.
-- grain:   one row per day and currency
-- reads:   share
-- returns: the columns of rollup_coverage
SELECT
  $run AS run, CAST($month AS DATE) AS month, "day", currency,
  {part store/owned}
FROM share
WHERE run = $run
GROUP BY "day", currency
