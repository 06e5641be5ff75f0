-- twins: calls that one sensor reported twice, which nothing in their own ids tells.
-- grain:   one row per hour, provider, model, context, environment, service and sensor
-- reads:   current_usage, observation
-- returns: those, absent ones as empty text; twins: reports too many; tokens by unit of those; attempts: all reports of that
--          service, sensor and model in the month
-- Twins share trace, service, model, sensor and every quantity, overlap in time, and do not carry two different answer
-- ids. Only services that leave out answer ids are looked at: two answer ids are two calls.
WITH known AS (
  SELECT
    u.*, COALESCE(u.service, '') AS service_name, COALESCE(u.model, '') AS model_name,
    COALESCE(u.environment, '') AS environment_name
  FROM current_usage AS u
  LEFT JOIN (SELECT take_in, file, line, 1 AS found FROM observation WHERE run = $run) AS o
    ON o.take_in = u.take_in AND o.file = u.file AND o.line = u.line
  WHERE u.time >= $starts_at AND u.time < $ends_at AND u.state IN ('complete', 'partial') AND o.found IS NULL
    AND u.trace IS NOT NULL AND u.quantity = 0
    AND u.input + u.output + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.cache_write > 0
    AND (u.provider, COALESCE(u.service, '')) IN (
      SELECT provider, COALESCE(service, '')
      FROM current_usage
      WHERE time >= $starts_at AND time < $ends_at AND state IN ('complete', 'partial') AND response_id IS NULL AND trace IS NOT NULL
      GROUP BY 1, 2
    )
), of_all AS (
  SELECT provider, service_name, sensor, model_name, COUNT(*) AS attempts
  FROM known
  GROUP BY 1, 2, 3, 4
), told AS (
  SELECT
    provider, model_name, context, environment_name, service_name, sensor, trace, input, cache_read, cache_write_5m, cache_write_1h, cache_write, output, output_reasoning, output_rejected, input_audio, cache_read_audio, output_audio, input_image, output_image, input_video,
    MIN(time) AS first_time, COUNT(*) AS reports
  FROM known
  GROUP BY provider, model_name, context, environment_name, service_name, sensor, trace, input, cache_read, cache_write_5m, cache_write_1h, cache_write, output, output_reasoning, output_rejected, input_audio, cache_read_audio, output_audio, input_image, output_image, input_video
  HAVING COUNT(*) > 1 AND COUNT(DISTINCT response_id) <= 1
    AND MAX(time) <= MIN(time) + INTERVAL (COALESCE(MAX(duration_ms), 0) + 1000) MILLISECOND
)
SELECT
  CAST(date_trunc('hour', t.first_time) AS TIMESTAMP) AS twin_hour, t.provider AS provider, t.model_name AS model_name, t.context AS context,
  t.environment_name AS environment_name, t.service_name AS service_name, t.sensor AS sensor,
  SUM(t.reports - 1) AS twins, SUM(t.input * (t.reports - 1)) AS input, SUM(t.cache_read * (t.reports - 1)) AS cache_read, SUM(t.cache_write_5m * (t.reports - 1)) AS cache_write_5m, SUM(t.cache_write_1h * (t.reports - 1)) AS cache_write_1h, SUM(t.cache_write * (t.reports - 1)) AS cache_write, SUM(t.output * (t.reports - 1)) AS output, SUM(t.output_reasoning * (t.reports - 1)) AS output_reasoning, SUM(t.output_rejected * (t.reports - 1)) AS output_rejected, SUM(t.input_audio * (t.reports - 1)) AS input_audio, SUM(t.cache_read_audio * (t.reports - 1)) AS cache_read_audio, SUM(t.output_audio * (t.reports - 1)) AS output_audio, SUM(t.input_image * (t.reports - 1)) AS input_image, SUM(t.output_image * (t.reports - 1)) AS output_image, SUM(t.input_video * (t.reports - 1)) AS input_video, 
  MAX(a.attempts) AS attempts
FROM told AS t
JOIN of_all AS a
  ON a.provider = t.provider AND a.service_name = t.service_name AND a.sensor = t.sensor AND a.model_name = t.model_name
GROUP BY 1, 2, 3, 4, 5, 6, 7
