-- rollup_hour: usage of a month by hour, feature and model.
-- grain:   one row per hour, provider, model, feature, team and currency
-- reads:   estimate
-- returns: the columns of rollup_hour
SELECT
  $run AS run, CAST($month AS DATE) AS month, CAST(date_trunc('hour', time) AS TIMESTAMP) AS "hour",
  provider, model, feature, team, currency,
  SUM(CASE WHEN attempt = 1 THEN 1 ELSE 0 END) AS calls,
  SUM(tokens) AS tokens,
  CAST(CAST(CAST(SUM(pico) AS VARCHAR) AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS estimated_cost
FROM estimate
WHERE run = $run
GROUP BY CAST(date_trunc('hour', time) AS TIMESTAMP), provider, model, feature, team, currency
