-- tokens_of: how many tokens of each unit one run counts.
-- grain:   one row per provider and model
-- reads:   rollup_day
-- returns: provider; model, empty when usage does not say; tokens by unit
SELECT
  provider, COALESCE(model, '') AS model_name,
  SUM(input) AS input, SUM(cache_read) AS cache_read, SUM(cache_write_5m) AS cache_write_5m, SUM(cache_write_1h) AS cache_write_1h, SUM(cache_write) AS cache_write, SUM(output) AS output, SUM(output_reasoning) AS output_reasoning, SUM(output_rejected) AS output_rejected, SUM(input_audio) AS input_audio, SUM(cache_read_audio) AS cache_read_audio, SUM(output_audio) AS output_audio, SUM(input_image) AS input_image, SUM(output_image) AS output_image, SUM(input_video) AS input_video
FROM rollup_day
WHERE run = $run
GROUP BY 1, 2
ORDER BY 1, 2
