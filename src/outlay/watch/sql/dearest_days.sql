-- dearest_days: what the dearest slices of the ledger cost on each day of a period.
-- grain:   one row per slice, day and currency; at most $most slices, the dearest
-- reads:   share, rollup_ledger or pool; current_run
-- returns: the dimensions; day; currency; amount in it; left_out: how many slices there are beside these, or less than 0
-- Dear is what costs much or gives much back: a slice of credits counts by its size.
WITH daily AS (
  SELECT {dimensions} {key} AS slice, "day", currency, SUM(amount) AS amount, SUM(abs(amount)) AS size
  FROM {table}
  WHERE run IN (SELECT run FROM current_run) AND {period}{where}
  GROUP BY ALL
), sized AS (
  SELECT slice, SUM(size) AS size FROM daily GROUP BY slice
), dearest AS (
  SELECT slice FROM sized ORDER BY size DESC, slice LIMIT $most
), counted AS (
  SELECT COUNT(*) AS slices FROM sized
)
SELECT {names} d."day" AS "day", d.currency AS currency, d.amount AS amount, CAST(c.slices AS BIGINT) - $most AS left_out
FROM daily AS d
CROSS JOIN counted AS c
WHERE d.slice IN (SELECT slice FROM dearest)
ORDER BY {names} currency, "day"
