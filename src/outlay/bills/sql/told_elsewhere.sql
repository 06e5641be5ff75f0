-- told_elsewhere: partitions of another source's imports that tell of the same bill and day as an import.
-- grain:   one row per partition of an earlier import, partition of this one, and relation; oldest import first
-- reads:   current_partition, partition, charge
-- returns: take_in, provider, billing_account_id, billing_period_start, billing_currency, billed_cost (theirs);
--          own_provider, own_account, own_period_start; relation: `same` account; `part`, an account within the bill of
--          this import; `within`, theirs is the bill of all accounts and holds that of this import
-- law:     two sources may name a bill otherwise: an account by its path or its last part, a provider by who sells
-- Some write when a billing period begins, some only its month, so months are compared, and then days one by one.
WITH own AS (
  SELECT provider, billing_account_id, billing_period_start, MIN(first_day) AS first_day, MAX(last_day) AS last_day
  FROM "partition"
  WHERE take_in = $take_in
  GROUP BY provider, billing_account_id, billing_period_start
),
candidate AS (
  SELECT DISTINCT old.take_in AS take_in
  FROM current_partition AS old
  JOIN own ON CAST(date_trunc('month', own.billing_period_start) AS DATE) = CAST(date_trunc('month', old.billing_period_start) AS DATE)
  WHERE old.source = $source AND old.take_in <> $take_in
    AND old.first_day <= own.last_day AND old.last_day >= own.first_day
    AND (
      old.provider = own.provider
      OR lower(regexp_replace(old.billing_account_id, '^.*/', '')) = lower(regexp_replace(own.billing_account_id, '^.*/', ''))
    )
),
spoken AS (
  SELECT DISTINCT
    take_in, provider, billing_account_id, billing_period_start, COALESCE(sub_account_id, '') AS member,
    lower(regexp_replace(billing_account_id, '^.*/', '')) AS account,
    CAST(date_trunc('month', billing_period_start) AS DATE) AS month, CAST(charge_period_start AS DATE) AS day
  FROM charge
  WHERE take_in IN (SELECT take_in FROM candidate) OR take_in = $take_in AND EXISTS (SELECT 1 FROM candidate)
),
dated AS (
  SELECT DISTINCT take_in, provider, billing_account_id, billing_period_start, account, month, day FROM spoken
),
met AS (
  SELECT
    b.take_in AS take_in, b.provider AS provider, b.billing_account_id AS billing_account_id,
    b.billing_period_start AS billing_period_start,
    o.provider AS own_provider, o.billing_account_id AS own_account, o.billing_period_start AS own_period_start,
    'same' AS relation
  FROM dated AS b
  JOIN dated AS o ON o.account = b.account AND o.month = b.month AND o.day = b.day
  WHERE o.take_in = $take_in AND b.take_in <> $take_in
  UNION ALL
  SELECT
    b.take_in, b.provider, b.billing_account_id, b.billing_period_start,
    o.provider, o.billing_account_id, o.billing_period_start, 'part'
  FROM dated AS b
  JOIN spoken AS o ON o.provider = b.provider AND o.member = b.billing_account_id AND o.month = b.month AND o.day = b.day
  WHERE o.take_in = $take_in AND b.take_in <> $take_in AND o.account <> b.account
  UNION ALL
  SELECT
    b.take_in, b.provider, b.billing_account_id, b.billing_period_start,
    o.provider, o.billing_account_id, o.billing_period_start, 'within'
  FROM spoken AS b
  JOIN dated AS o ON o.provider = b.provider AND o.billing_account_id = b.member AND o.month = b.month AND o.day = b.day
  WHERE o.take_in = $take_in AND b.take_in <> $take_in AND o.account <> b.account
)
SELECT DISTINCT
  p.take_in AS take_in, p.provider AS provider, p.billing_account_id AS billing_account_id,
  p.billing_period_start AS billing_period_start, p.billing_currency AS billing_currency, p.billed_cost AS billed_cost,
  m.own_provider AS own_provider, m.own_account AS own_account, m.own_period_start AS own_period_start,
  m.relation AS relation
FROM current_partition AS p
JOIN met AS m ON m.take_in = p.take_in
  AND m.provider = p.provider
  AND m.billing_account_id = p.billing_account_id
  AND m.billing_period_start = p.billing_period_start
WHERE p.source = $source
ORDER BY take_in, provider, billing_account_id, billing_period_start, billing_currency, relation, own_provider, own_account
