-- rollup_day: usage of a month by day and every dimension that may be summed.
-- grain:   one row per day, provider, model, operation, attribution, state, error, unit and currency
-- reads:   estimate
-- returns: the columns of rollup_day
-- What most rows do not have is summed behind a FILTER, where it costs nothing.
SELECT
  $run AS run, CAST($month AS DATE) AS month, CAST(time AS DATE) AS "day", provider, model, operation,
  feature, customer, team, "user", environment, service, "release", state, error, unit, currency,
  SUM(CASE WHEN attempt = 1 THEN 1 ELSE 0 END) AS calls,
  SUM(CASE WHEN attempt >= 1 THEN 1 ELSE 0 END) AS attempts,
  SUM(CASE WHEN attempt >= 1 AND state <> 'complete' THEN 1 ELSE 0 END) AS failures,
  SUM(COALESCE(duration_ms, 0)) AS duration_ms,
  SUM(tokens) AS tokens,
  SUM(input) AS input, SUM(cache_read) AS cache_read, SUM(cache_write_5m) AS cache_write_5m, SUM(cache_write_1h) AS cache_write_1h, SUM(cache_write) AS cache_write, SUM(output) AS output, SUM(output_reasoning) AS output_reasoning, SUM(output_rejected) AS output_rejected, SUM(input_audio) AS input_audio, SUM(cache_read_audio) AS cache_read_audio, SUM(output_audio) AS output_audio, SUM(input_image) AS input_image, SUM(output_image) AS output_image, SUM(input_video) AS input_video,
  COALESCE(SUM(quantity) FILTER (WHERE unit IS NOT NULL), CAST(0 AS DECIMAL(38,15))) AS quantity,
  CAST(CAST(CAST(SUM(pico) AS VARCHAR) AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS estimated_cost,
  CAST(CAST(CAST(SUM(CASE WHEN state <> 'complete' OR attempt > 1 THEN pico ELSE toInt256(0) END) AS VARCHAR) AS DECIMAL(38,0))
    * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS failed_cost,
  COALESCE(SUM(reported_cost), CAST(0 AS DECIMAL(38,12))) AS reported_cost,
  COALESCE(SUM(unpriced_quantity) FILTER (WHERE unpriced_quantity > 0), CAST(0 AS DECIMAL(38,15))) AS unpriced_quantity,
  COALESCE(SUM(unpriced_bound) FILTER (WHERE unpriced_quantity > 0), CAST(0 AS DECIMAL(38,12))) AS unpriced_bound,
  COALESCE(SUM(unbounded_quantity) FILTER (WHERE unpriced_quantity > 0), CAST(0 AS DECIMAL(38,15))) AS unbounded_quantity
FROM estimate
WHERE run = $run
GROUP BY CAST(time AS DATE), provider, model, operation, feature, customer, team, "user", environment, service, "release", state, error, unit, currency
