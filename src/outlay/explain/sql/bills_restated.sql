-- bills_restated: the bills that a later import replaced.
-- grain:   one row per provider, billing account, billing period and import that was replaced
-- reads:   supersession, take_in, partition
-- returns: month; provider; billing_account_id; currency; before, after: billed cost in it (after once per import that
--          replaces); replaced, replaced_by: the imports; changed_at; source
SELECT
  CAST(p.billing_period_start AS DATE) AS month, p.provider AS provider, p.billing_account_id AS billing_account_id,
  p.billing_currency AS currency, p.billed_cost AS before, n.billed_cost AS after, s.take_in AS replaced,
  s.replaced_by AS replaced_by, t.taken_at AS changed_at, t.source AS source
FROM supersession AS s
JOIN take_in AS t ON t.take_in = s.replaced_by
JOIN "partition" AS p
  ON p.take_in = s.take_in AND p.provider = s.provider AND p.billing_account_id = s.billing_account_id
  AND p.billing_period_start = s.billing_period_start
LEFT JOIN "partition" AS n
  ON n.take_in = s.replaced_by AND n.provider = s.provider AND n.billing_account_id = s.billing_account_id
  AND n.billing_period_start = s.billing_period_start AND n.billing_currency = p.billing_currency
WHERE p.billing_period_start >= $starts_at AND p.billing_period_start < $ends_at
ORDER BY t.taken_at, s.take_in, p.provider, p.billing_account_id, p.billing_currency
