-- current_charge: the charges in force.
-- grain:   one row per charge
-- reads:   charge, take_in, supersession
-- returns: the columns of charge; day and month (its first day) of the charge period's start
-- law:     a charge counts once its import is committed, and until a later import replaces its partition
SELECT
  c.*, CAST(c.charge_period_start AS DATE) AS "day",
  CAST(date_trunc('month', c.charge_period_start) AS DATE) AS month
FROM charge AS c
WHERE c.take_in IN (SELECT take_in FROM take_in)
  AND (c.take_in, c.provider, c.billing_account_id, c.billing_period_start) NOT IN (
    SELECT s.take_in, s.provider, s.billing_account_id, s.billing_period_start
    FROM supersession AS s
    WHERE s.replaced_by IN (SELECT take_in FROM take_in)
  )
