-- rollup_ledger: the ledger of a month by day, without user and customer.
-- grain:   one row per day, provider, service, charge category, rule, state, feature, team, environment, service, release,
--          model and currency
-- reads:   share
-- returns: the columns of rollup_ledger
SELECT
  $run AS run, CAST($month AS DATE) AS month, "day", provider, service_name, charge_category, rule, state,
  feature, team, environment, service, "release", model, currency, SUM(amount) AS amount
FROM share
WHERE run = $run
GROUP BY "day", provider, service_name, charge_category, rule, state, feature, team, environment, service, "release", model, currency
