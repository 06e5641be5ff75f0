-- overlapping: partitions of earlier imports that speak of a day that an import speaks of, too.
-- grain:   one row per partition of an earlier import, oldest import first
-- reads:   current_partition, partition, charge
-- returns: take_in, provider, billing_account_id, billing_period_start, billing_currency, billed_cost (theirs)
-- law:     days are compared one by one: files that interleave do not replace each other
-- The first and last days of partitions choose the few imports whose charges are looked at.
WITH candidate AS (
  SELECT
    old.take_in AS take_in, old.provider AS provider, old.billing_account_id AS billing_account_id,
    old.billing_period_start AS billing_period_start, old.billing_currency AS billing_currency,
    old.billed_cost AS billed_cost
  FROM current_partition AS old
  JOIN (
    SELECT provider, billing_account_id, billing_period_start, MIN(first_day) AS first_day, MAX(last_day) AS last_day
    FROM "partition"
    WHERE take_in = $take_in
    GROUP BY provider, billing_account_id, billing_period_start
  ) AS new ON new.provider = old.provider
    AND new.billing_account_id = old.billing_account_id
    AND new.billing_period_start = old.billing_period_start
  WHERE old.source = $source AND old.take_in <> $take_in
    AND old.first_day <= new.last_day AND old.last_day >= new.first_day
),
spoken AS (
  SELECT DISTINCT take_in, provider, billing_account_id, billing_period_start, CAST(charge_period_start AS DATE) AS day
  FROM charge
  WHERE take_in = $take_in OR take_in IN (SELECT take_in FROM candidate)
),
met AS (
  SELECT DISTINCT
    before.take_in AS take_in, before.provider AS provider, before.billing_account_id AS billing_account_id,
    before.billing_period_start AS billing_period_start
  FROM spoken AS before
  JOIN spoken AS own ON own.provider = before.provider
    AND own.billing_account_id = before.billing_account_id
    AND own.billing_period_start = before.billing_period_start
    AND own.day = before.day
  WHERE own.take_in = $take_in AND before.take_in <> $take_in
)
SELECT
  c.take_in AS take_in, c.provider AS provider, c.billing_account_id AS billing_account_id,
  c.billing_period_start AS billing_period_start, c.billing_currency AS billing_currency, c.billed_cost AS billed_cost
FROM candidate AS c
JOIN met AS m ON m.take_in = c.take_in
  AND m.provider = c.provider
  AND m.billing_account_id = c.billing_account_id
  AND m.billing_period_start = c.billing_period_start
ORDER BY take_in, provider, billing_account_id, billing_period_start, billing_currency
