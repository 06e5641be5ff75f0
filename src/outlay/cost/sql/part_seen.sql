-- seen: what events tell of, by what a bill and a price can tell apart.
-- grain:   the columns of one select
-- reads:   nothing by itself: columns of estimate
-- returns: provider, model_name, context, environment_name, vector, unit_name, currency (to group by), absent ones as empty
--          text; attempts; tokens by unit; quantity of the unit; estimated in currency
provider, COALESCE(model, '') AS model_name, context,
  COALESCE(environment, '') AS environment_name, vector, COALESCE(unit, '') AS unit_name, currency, COUNT(*) AS attempts,
  SUM(input) AS input, SUM(cache_read) AS cache_read, SUM(cache_write_5m) AS cache_write_5m, SUM(cache_write_1h) AS cache_write_1h, SUM(cache_write) AS cache_write, SUM(output) AS output, SUM(output_reasoning) AS output_reasoning, SUM(output_rejected) AS output_rejected, SUM(input_audio) AS input_audio, SUM(cache_read_audio) AS cache_read_audio, SUM(output_audio) AS output_audio, SUM(input_image) AS input_image, SUM(output_image) AS output_image, SUM(input_video) AS input_video,
  SUM(CASE WHEN unit IS NULL THEN CAST(0 AS DECIMAL(38,15)) ELSE quantity END) AS quantity,
  CAST(CAST(CAST(SUM(pico) AS VARCHAR) AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS estimated
