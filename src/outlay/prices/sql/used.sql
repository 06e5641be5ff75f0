-- used: what was used and has to be paid for, by all that its price depends on.
-- grain:   one row per provider, model, context, unit that is not a token, band of prompt size, and day
-- reads:   current_usage, observation, current_run
-- returns: size_from: the prompt size in tokens at which the band begins; attempts; quantities by token unit, and of the other
--          unit, all with `used_` in front
-- law:     one call that several sensors saw counts once (as far as a run has found it out); what was not billed does not count
SELECT
  u.provider AS provider, COALESCE(u.model, '') AS model, u.context AS context, COALESCE(u.unit, '') AS unit,
  CAST(u.time AS DATE) AS used_on,
  CASE WHEN u.size > 512000 THEN 512001 WHEN u.size > 272000 THEN 272001 WHEN u.size > 256000 THEN 256001
    WHEN u.size > 200000 THEN 200001 WHEN u.size > 128000 THEN 128001 WHEN u.size > 32000 THEN 32001 ELSE 0 END AS size_from,
  COUNT(*) AS attempts,
  SUM(u.input) AS used_input, SUM(u.cache_read) AS used_cache_read, SUM(u.cache_write_5m) AS used_cache_write_5m,
  SUM(u.cache_write_1h) AS used_cache_write_1h, SUM(u.cache_write) AS used_cache_write, SUM(u.output) AS used_output,
  SUM(u.output_reasoning) AS used_output_reasoning, SUM(u.output_rejected) AS used_output_rejected,
  SUM(u.input_audio) AS used_input_audio, SUM(u.cache_read_audio) AS used_cache_read_audio,
  SUM(u.output_audio) AS used_output_audio, SUM(u.input_image) AS used_input_image,
  SUM(u.output_image) AS used_output_image, SUM(u.input_video) AS used_input_video,
  SUM(u.quantity) AS used_quantity
FROM (
  SELECT
    *, input + cache_read + cache_write_5m + cache_write_1h + cache_write + input_audio + cache_read_audio + input_image + input_video AS size
  FROM current_usage
  WHERE time >= $starts_at AND time < $ends_at AND state NOT IN ('refused', 'not_sent')
) AS u
LEFT JOIN (
  SELECT take_in, file, line, rung FROM observation WHERE run IN (SELECT run FROM current_run)
) AS o ON o.take_in = u.take_in AND o.file = u.file AND o.line = u.line
WHERE o.rung IS NULL
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3, 4, 5, 6
