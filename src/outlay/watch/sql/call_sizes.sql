-- call_sizes: how many tokens the calls of some features use, in two halves of a span.
-- grain:   one row per feature, model, half, tokens in and tokens out
-- reads:   current_usage
-- returns: feature; model_name, empty for none; half, 0 or 1; tokens_in, with those read from and written to a cache;
--          tokens_out; calls
-- $features: their names between unit separators
SELECT
  feature, COALESCE(model, '') AS model_name, CASE WHEN time < $middle THEN 0 ELSE 1 END AS half,
  input + cache_read + cache_write_5m + cache_write_1h + cache_write + input_audio + cache_read_audio + input_image + input_video AS tokens_in,
  output + output_reasoning + output_rejected + output_audio + output_image AS tokens_out,
  COUNT(*) AS calls
FROM current_usage
WHERE time >= $starts_at AND time < $ends_at AND state IN ('complete', 'partial') AND unit IS NULL
  AND POSITION('␟' || COALESCE(feature, '') || '␟' IN $features) > 0
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
