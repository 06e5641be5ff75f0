-- rollup_ledger_month: the ledger of a month by customer.
-- grain:   one row per feature, customer, team, environment and currency
-- reads:   share
-- returns: the columns of rollup_ledger_month
SELECT
  $run AS run, CAST($month AS DATE) AS month, feature, customer, team, environment, currency, SUM(amount) AS amount
FROM share
WHERE run = $run
GROUP BY feature, customer, team, environment, currency
