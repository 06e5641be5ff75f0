-- feature_usage: what one feature used in a period, by meter.
-- grain:   one row per provider, model and currency
-- reads:   rollup_day, current_run
-- returns: provider, model, currency; calls, attempts; tokens; amount (usage times price) in the currency; unpriced_quantity;
--          first_day, last_day on which it was used
SELECT
  provider, model, currency, SUM(calls) AS calls, SUM(attempts) AS attempts, SUM(tokens) AS tokens,
  SUM(estimated_cost) AS amount, SUM(unpriced_quantity) AS unpriced_quantity, MIN("day") AS first_day, MAX("day") AS last_day
FROM rollup_day
WHERE run IN (SELECT run FROM current_run) AND "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE)
  AND feature = $feature
GROUP BY provider, model, currency
ORDER BY amount DESC, provider, model, currency
