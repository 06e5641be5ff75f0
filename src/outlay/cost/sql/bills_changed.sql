-- bills_changed: the imports that changed an invoice whose period was over.
-- grain:   one row per provider, billing account, billing period and import that is replaced
-- reads:   supersession, take_in
-- returns: provider, billing_account_id, billing_period_start; take_in and its taken_at; replaced_by and its changed_at
SELECT
  s.provider AS provider, s.billing_account_id AS billing_account_id, s.billing_period_start AS billing_period_start,
  s.take_in AS take_in, earlier.taken_at AS taken_at, s.replaced_by AS replaced_by, later.taken_at AS changed_at
FROM supersession AS s
JOIN take_in AS earlier ON earlier.take_in = s.take_in
JOIN take_in AS later ON later.take_in = s.replaced_by
WHERE earlier.taken_at >= s.billing_period_start + INTERVAL 1 MONTH
  AND s.billing_period_start >= $starts_at AND s.billing_period_start < $ends_at
ORDER BY later.taken_at, s.take_in, s.provider, s.billing_account_id
