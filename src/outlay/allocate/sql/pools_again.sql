-- pools_again: the pools of charges of another run, for one whose rules gather them alike.
-- grain:   one row per pool
-- reads:   pool
-- returns: the columns of pool
-- $base: the other run
SELECT
  $run AS run, month, "day", pool, rule, currency, provider, sub_account_name, service_name, charge_category, feature, customer, team,
  "user", environment, service, "release", known_provider, model, charges, consumed_quantity, amount, keys, passing
FROM pool
WHERE run = $base AND passing = ''
