-- came_since: the imports that may have changed a month after an instant.
-- grain:   one row per import
-- reads:   take_in, partition, charge, usage
-- returns: take_in, source, taken_at
-- Bills count when they have a charge within the month, or replaced an import that had; events when one is of the month.
SELECT t.take_in AS take_in, t.source AS source, t.taken_at AS taken_at
FROM take_in AS t
WHERE t.taken_at > $since AND (
  t.take_in IN (
    SELECT p.take_in FROM "partition" AS p WHERE p.first_day < CAST($end AS DATE) AND p.last_day >= CAST($month AS DATE)
  )
  OR t.take_in IN (
    SELECT s.replaced_by
    FROM supersession AS s
    JOIN "partition" AS p
      ON p.take_in = s.take_in AND p.provider = s.provider AND p.billing_account_id = s.billing_account_id
      AND p.billing_period_start = s.billing_period_start
    WHERE p.first_day < CAST($end AS DATE) AND p.last_day >= CAST($month AS DATE)
  )
  OR t.take_in IN (SELECT u.take_in FROM usage AS u WHERE u.time >= $starts_at AND u.time < $ends_at)
)
ORDER BY t.taken_at, t.take_in
