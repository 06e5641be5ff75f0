-- unheard: attempts of a month that timed out or broke off, and what their calls used when they were tried again.
-- grain:   one row per day, provider, model, context, environment, feature, and whether a later try tells
-- reads:   current_usage, observation
-- returns: those, absent ones as empty text, feature as it is; retried: 1 when a later try of the same call completed;
--          attempts; of those that were retried, tokens by unit of the completed tries
-- Attempts that say what they used are estimated like all others, and are not here.
WITH lost AS (
  SELECT
    CAST(u.time AS DATE) AS lost_day, u.provider AS provider, COALESCE(u.model, '') AS model_name, u.context AS context,
    COALESCE(u.environment, '') AS environment_name, u.feature AS feature, u.call AS call
  FROM current_usage AS u
  LEFT JOIN (SELECT take_in, file, line, 1 AS found FROM observation WHERE run = $run) AS o
    ON o.take_in = u.take_in AND o.file = u.file AND o.line = u.line
  WHERE u.time >= $starts_at AND u.time < $ends_at AND u.state = 'unknown' AND o.found IS NULL AND u.quantity = 0
    AND u.input + u.output + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.cache_write + u.output_reasoning = 0
), heard AS (
  SELECT
    provider, COALESCE(model, '') AS model_name, call, MAX(input) AS input, MAX(cache_read) AS cache_read, MAX(cache_write_5m) AS cache_write_5m, MAX(cache_write_1h) AS cache_write_1h, MAX(cache_write) AS cache_write, MAX(output) AS output, MAX(output_reasoning) AS output_reasoning, MAX(output_rejected) AS output_rejected, MAX(input_audio) AS input_audio, MAX(cache_read_audio) AS cache_read_audio, MAX(output_audio) AS output_audio, MAX(input_image) AS input_image, MAX(output_image) AS output_image, MAX(input_video) AS input_video, 1 AS found
  FROM current_usage
  WHERE time >= $starts_at AND time < $until AND state = 'complete' AND call IS NOT NULL
    AND call IN (SELECT call FROM lost WHERE call IS NOT NULL)
  GROUP BY 1, 2, 3
)
SELECT
  l.lost_day AS lost_day, l.provider AS provider, l.model_name AS model_name, l.context AS context,
  l.environment_name AS environment_name, l.feature AS feature, COALESCE(h.found, 0) AS retried, COUNT(*) AS attempts,
  SUM(COALESCE(h.input, 0)) AS input, SUM(COALESCE(h.cache_read, 0)) AS cache_read, SUM(COALESCE(h.cache_write_5m, 0)) AS cache_write_5m, SUM(COALESCE(h.cache_write_1h, 0)) AS cache_write_1h, SUM(COALESCE(h.cache_write, 0)) AS cache_write, SUM(COALESCE(h.output, 0)) AS output, SUM(COALESCE(h.output_reasoning, 0)) AS output_reasoning, SUM(COALESCE(h.output_rejected, 0)) AS output_rejected, SUM(COALESCE(h.input_audio, 0)) AS input_audio, SUM(COALESCE(h.cache_read_audio, 0)) AS cache_read_audio, SUM(COALESCE(h.output_audio, 0)) AS output_audio, SUM(COALESCE(h.input_image, 0)) AS input_image, SUM(COALESCE(h.output_image, 0)) AS output_image, SUM(COALESCE(h.input_video, 0)) AS input_video
FROM lost AS l
LEFT JOIN heard AS h ON h.provider = l.provider AND h.model_name = l.model_name AND h.call = l.call
GROUP BY 1, 2, 3, 4, 5, 6, 7
