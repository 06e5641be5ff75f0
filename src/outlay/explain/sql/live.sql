-- live: usage of the last minutes and what it is estimated to cost.
-- grain:   one row per value of the dimensions and currency
-- reads:   rollup_minute
-- returns: the dimensions; currency; amount in it, calls, tokens, unpriced_quantity in tokens and units
SELECT
  {dimensions} currency,
  SUM(estimated_cost) AS amount, SUM(calls) AS calls, SUM(tokens) AS tokens, SUM(unpriced_quantity) AS unpriced_quantity
FROM {table}
WHERE minute >= $starts_at AND minute < $ends_at{where}
GROUP BY ALL
ORDER BY ALL
