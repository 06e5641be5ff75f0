-- standing_charge: the charges that each month's figures stand on: of a closed month, those that were in force when it was.
-- grain:   one row per charge
-- reads:   current_charge, charge, take_in, supersession, current_closing
-- returns: the columns of current_charge
-- law:     the figures of a closed month do not move
SELECT c.*
FROM current_charge AS c
WHERE c.month NOT IN (SELECT month FROM current_closing)
UNION ALL
SELECT
  c.*, CAST(c.charge_period_start AS DATE) AS "day",
  CAST(date_trunc('month', c.charge_period_start) AS DATE) AS month
FROM charge AS c
WHERE (CAST(date_trunc('month', c.charge_period_start) AS DATE), c.take_in) IN (
    SELECT closed.month, imported.take_in
    FROM current_closing AS closed
    CROSS JOIN take_in AS imported
    WHERE imported.taken_at <= closed.decided_at
  )
  AND (CAST(date_trunc('month', c.charge_period_start) AS DATE), c.take_in, c.provider, c.billing_account_id, c.billing_period_start) NOT IN (
    SELECT closed.month, replaced.take_in, replaced.provider, replaced.billing_account_id, replaced.billing_period_start
    FROM current_closing AS closed
    CROSS JOIN supersession AS replaced
    JOIN take_in AS imported ON imported.take_in = replaced.replaced_by
    WHERE imported.taken_at <= closed.decided_at
  )
