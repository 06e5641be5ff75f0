-- seen_hours: what events tell of, hour by hour, from a day before a month to a day after it.
-- grain:   one row per hour, provider, model, context, environment and unit that is not a token
-- reads:   current_usage, observation, current_run
-- returns: those, absent ones as empty text; tokens by unit; quantity of the unit
-- $since, $until: the instants between which; one call that several sensors saw counts once, as far as a run has found out
SELECT
  CAST(date_trunc('hour', u.time) AS TIMESTAMP) AS seen_hour, u.provider AS provider, COALESCE(u.model, '') AS model_name,
  u.context AS context, COALESCE(u.environment, '') AS environment_name, COALESCE(u.unit, '') AS unit_name,
  SUM(u.input) AS input, SUM(u.cache_read) AS cache_read, SUM(u.cache_write_5m) AS cache_write_5m, SUM(u.cache_write_1h) AS cache_write_1h, SUM(u.cache_write) AS cache_write, SUM(u.output) AS output, SUM(u.output_reasoning) AS output_reasoning, SUM(u.output_rejected) AS output_rejected, SUM(u.input_audio) AS input_audio, SUM(u.cache_read_audio) AS cache_read_audio, SUM(u.output_audio) AS output_audio, SUM(u.input_image) AS input_image, SUM(u.output_image) AS output_image, SUM(u.input_video) AS input_video,
  SUM(CASE WHEN u.unit IS NULL THEN CAST(0 AS DECIMAL(38,15)) ELSE u.quantity END) AS quantity
FROM current_usage AS u
LEFT JOIN (
  SELECT DISTINCT take_in, file, line, 1 AS found
  FROM observation
  WHERE run = $run OR run IN (SELECT run FROM current_run WHERE month <> CAST($month AS DATE))
) AS o ON o.take_in = u.take_in AND o.file = u.file AND o.line = u.line
WHERE u.time >= $since AND u.time < $until AND u.state NOT IN ('refused', 'not_sent') AND o.found IS NULL
GROUP BY 1, 2, 3, 4, 5, 6
