-- rollup_minute: usage of a part of one minute by feature and model.
-- grain:   one row per provider, model, feature, team and currency
-- reads:   estimate
-- returns: the columns of rollup_minute
-- The time is asked for twice, in the prices and here, so that only the part's own usage is read.
SELECT
  $run AS run, CAST($month AS DATE) AS month, CAST(date_trunc('minute', CAST($starts_at AS TIMESTAMP)) AS TIMESTAMP) AS minute,
  provider, model, feature, team, currency,
  SUM(CASE WHEN attempt = 1 THEN 1 ELSE 0 END) AS calls,
  SUM(tokens) AS tokens,
  CAST(CAST(CAST(SUM(pico) AS VARCHAR) AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS estimated_cost,
  SUM(unpriced_quantity) AS unpriced_quantity
FROM estimate
WHERE run = $run AND time >= $starts_at AND time < $ends_at
GROUP BY provider, model, feature, team, currency
