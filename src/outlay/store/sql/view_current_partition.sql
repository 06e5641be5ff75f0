-- current_partition: the partitions of bills in force.
-- grain:   one row per import, provider, billing account, billing period and currency
-- reads:   partition, take_in, supersession
-- returns: the columns of partition
SELECT p.*
FROM "partition" AS p
WHERE p.take_in IN (SELECT take_in FROM take_in)
  AND (p.take_in, p.provider, p.billing_account_id, p.billing_period_start) NOT IN (
    SELECT s.take_in, s.provider, s.billing_account_id, s.billing_period_start
    FROM supersession AS s
    WHERE s.replaced_by IN (SELECT take_in FROM take_in)
  )
