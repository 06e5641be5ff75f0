-- rollup_ledger: the ledger of a month by day, without user, customer, model and release.
-- grain:   one row per day, provider, service, charge category, rule, state, feature, team, environment, service and currency
-- reads:   share
-- returns: the columns of rollup_ledger
SELECT
  $run AS run, CAST($month AS DATE) AS month, "day", provider, service_name, charge_category, rule, state,
  feature, team, environment, service, currency, SUM(amount) AS amount
FROM share
WHERE run = $run
GROUP BY "day", provider, service_name, charge_category, rule, state, feature, team, environment, service, currency
