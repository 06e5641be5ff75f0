-- rollup_user_month: usage of a month by user.
-- grain:   one row per feature, customer, team, user, environment and currency
-- reads:   rollup_day
-- returns: the columns of rollup_user_month
SELECT
  $run AS run, CAST($month AS DATE) AS month, feature, customer, team, "user", environment, currency,
  SUM(calls) AS calls, SUM(attempts) AS attempts, SUM(failures) AS failures, SUM(tokens) AS tokens, SUM(quantity) AS quantity,
  SUM(estimated_cost) AS estimated_cost, SUM(failed_cost) AS failed_cost,
  SUM(unpriced_quantity) AS unpriced_quantity, SUM(unpriced_bound) AS unpriced_bound
FROM rollup_day
WHERE run = $run
GROUP BY feature, customer, team, "user", environment, currency
