-- billed_before: what AI providers billed in a month before they changed an invoice whose period was over.
-- grain:   one row per provider, day, days, currency, category, class, account, resource, meter, description and units
-- reads:   charge, take_in, supersession, current_charge, rollup_day
-- returns: the same as billed_lines, of the charges that were in force just before the first such change
WITH {part cost/compared}, changed AS (
  SELECT
    s.provider AS provider, s.billing_account_id AS billing_account_id, s.billing_period_start AS billing_period_start,
    MIN(later.taken_at) AS changed_at
  FROM supersession AS s
  JOIN take_in AS earlier ON earlier.take_in = s.take_in
  JOIN take_in AS later ON later.take_in = s.replaced_by
  WHERE earlier.taken_at >= s.billing_period_start + INTERVAL 1 MONTH AND s.billing_period_start < $ends_at
  GROUP BY 1, 2, 3
), gone AS (
  SELECT
    s.take_in AS take_in, s.provider AS provider, s.billing_account_id AS billing_account_id,
    s.billing_period_start AS billing_period_start, MIN(later.taken_at) AS gone_at
  FROM supersession AS s
  JOIN take_in AS later ON later.take_in = s.replaced_by
  GROUP BY 1, 2, 3, 4
)
SELECT {part cost/bill_line}
FROM charge AS c
JOIN take_in AS t ON t.take_in = c.take_in
JOIN changed AS ch
  ON ch.provider = c.provider AND ch.billing_account_id = c.billing_account_id
  AND ch.billing_period_start = c.billing_period_start
LEFT JOIN gone AS g
  ON g.take_in = c.take_in AND g.provider = c.provider AND g.billing_account_id = c.billing_account_id
  AND g.billing_period_start = c.billing_period_start
LEFT JOIN names AS n ON n.provider_key = lower(c.provider)
WHERE c.charge_period_start >= $starts_at AND c.charge_period_start < $ends_at
  AND t.taken_at < ch.changed_at AND (g.gone_at IS NULL OR g.gone_at >= ch.changed_at)
  AND (COALESCE(c.service_category, '') = 'AI and Machine Learning' OR c.provider IN (SELECT provider FROM whole))
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
