-- usage: what was used in a period and what it is estimated to cost, by any dimensions that the table asked keeps.
-- grain:   one row per value of the dimensions and currency
-- reads:   rollup_day, rollup_user_month or rollup_usage_month; current_run
-- returns: the dimensions; currency; amount (usage times price) in it; calls, attempts, failures; tokens; units of other
--          kinds; failed_cost; unpriced_quantity, unpriced_bound
SELECT
  {dimensions} currency, SUM(estimated_cost) AS amount, SUM(calls) AS calls, SUM(attempts) AS attempts,
  SUM(failures) AS failures, SUM(tokens) AS tokens, SUM(quantity) AS units, SUM(failed_cost) AS failed_cost,
  SUM(unpriced_quantity) AS unpriced_quantity, SUM(unpriced_bound) AS unpriced_bound
FROM {table}
WHERE run IN (SELECT run FROM current_run) AND {period}{where}
GROUP BY ALL
ORDER BY amount DESC, {names} currency
