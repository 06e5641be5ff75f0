-- same_call: events of different sensors that saw one call, told by one rung of the identity ladder.
-- grain:   one row per usage event that another one carries
-- reads:   current_usage, observation (of the same run, by earlier rungs)
-- returns: the columns of observation
-- law:     one call seen by several sensors costs once; who carries it does not depend on the order of arrival
-- $rung: `trace`: equal usage of one model in one service within a trace; `usage`: the same at overlapping times;
-- `span`: the same trace and span of one provider. Usage is equal where as much was asked, read, written and answered:
-- not every sensor knows lifetimes of caches, reasoning, tools, or the date in a model's name. Answer ids that LiteLLM
-- makes up (`chatcmpl-` and a UUID) set nothing apart from what others saw. Events of one sensor are different calls, so the n-th of one sensor
-- is paired with the n-th of the other, within events whose times hang together; who carries an event of a sensor
-- already is not given another one of it.
WITH several AS (
  SELECT
    provider, CASE WHEN $rung = 'span' THEN '' ELSE regexp_replace(COALESCE(model, ''), '-20[0-9][0-9]-?[0-9][0-9]-?[0-9][0-9]$', '') END AS model_key,
    CASE WHEN $rung = 'span' THEN '' ELSE COALESCE(service, '') END AS service_key
  FROM current_usage
  WHERE time >= $starts_at AND time < $ends_at
  GROUP BY 1, 2, 3
  HAVING MIN(sensor) <> MAX(sensor)
), open_rows AS (
  SELECT
    u.take_in AS take_in, u.file AS file, u.line AS line, u.id AS id, u.sensor AS sensor, u.time AS time, u.attempt AS attempt,
    u.response_id AS response_id, COALESCE(u.unit, '') AS unit_key,
    u.time + INTERVAL (COALESCE(u.duration_ms, 0) + 1000) MILLISECOND AS ends,
    {part cost/sensor_rank} AS rank_of_sensor,
    u.provider || '␟' || CASE WHEN $rung = 'span' THEN u.trace || '␟' || u.span
      ELSE regexp_replace(COALESCE(u.model, ''), '-20[0-9][0-9]-?[0-9][0-9]-?[0-9][0-9]$', '') || '␟' || COALESCE(u.service, '')
        || '␟' || CASE WHEN u.input + u.cache_read + u.output + u.output_reasoning + u.cache_write + u.cache_write_5m + u.cache_write_1h > 0 THEN '' ELSE COALESCE(u.unit, '') || '␟' || CAST(u.quantity AS VARCHAR) END
        || '␟' || CAST(u.input AS VARCHAR) || ',' || CAST(u.cache_read AS VARCHAR) || ',' || CAST(u.cache_write_5m + u.cache_write_1h + u.cache_write AS VARCHAR) || ',' || CAST(u.output + u.output_reasoning AS VARCHAR) || ',' || CAST(u.output_rejected AS VARCHAR) || ',' || CAST(u.input_audio AS VARCHAR) || ',' || CAST(u.cache_read_audio AS VARCHAR) || ',' || CAST(u.output_audio AS VARCHAR) || ',' || CAST(u.input_image AS VARCHAR) || ',' || CAST(u.output_image AS VARCHAR) || ',' || CAST(u.input_video AS VARCHAR)
        || '␟' || CASE WHEN $rung = 'trace' THEN u.trace ELSE '' END END AS key
  FROM current_usage AS u
  JOIN several AS s
    ON s.provider = u.provider AND s.model_key = CASE WHEN $rung = 'span' THEN '' ELSE regexp_replace(COALESCE(u.model, ''), '-20[0-9][0-9]-?[0-9][0-9]-?[0-9][0-9]$', '') END
    AND s.service_key = CASE WHEN $rung = 'span' THEN '' ELSE COALESCE(u.service, '') END
  LEFT JOIN observation AS o ON o.run = $run AND o.take_in = u.take_in AND o.file = u.file AND o.line = u.line
  WHERE u.time >= $starts_at AND u.time < $ends_at AND o.rung IS NULL
    AND ($rung = 'usage' OR u.trace IS NOT NULL) AND ($rung <> 'span' OR u.span IS NOT NULL)
    AND ($rung = 'span' OR u.input + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.cache_write + u.output + u.output_reasoning + u.output_rejected + u.input_audio + u.cache_read_audio + u.output_audio + u.input_image + u.output_image + u.input_video + u.quantity > 0)
), islands AS (
  SELECT
    *, CASE WHEN time > MAX(ends) OVER (PARTITION BY key ORDER BY time, id, take_in, file, line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) THEN 1 ELSE 0 END AS begins
  FROM open_rows
), together AS (
  SELECT
    *, CASE WHEN $rung = 'usage' THEN SUM(begins) OVER (PARTITION BY key ORDER BY time, id, take_in, file, line ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) ELSE 0 END AS island
  FROM islands
), sensors AS (
  SELECT DISTINCT key, island, sensor AS other FROM together
), carried AS (
  SELECT DISTINCT o.of_take_in AS of_take_in, o.of_file AS of_file, o.of_line AS of_line, seen.sensor AS carried_sensor
  FROM observation AS o
  JOIN current_usage AS seen ON seen.take_in = o.take_in AND seen.file = o.file AND seen.line = o.line
  WHERE o.run = $run
), placed AS (
  SELECT
    t.take_in AS take_in, t.file AS file, t.line AS line, t.id AS id, t.sensor AS sensor, t.time AS time, t.ends AS ends,
    t.response_id AS response_id, t.unit_key AS unit_key, t.rank_of_sensor AS rank_of_sensor, t.key AS key, t.island AS island, s.other AS other,
    DENSE_RANK() OVER (PARTITION BY t.key, t.island, t.sensor, s.other ORDER BY t.time, t.attempt, t.id) AS place
  FROM together AS t
  JOIN sensors AS s ON s.key = t.key AND s.island = t.island
  LEFT JOIN carried AS c ON c.of_take_in = t.take_in AND c.of_file = t.file AND c.of_line = t.line AND c.carried_sensor = s.other
  WHERE s.other <> t.sensor AND c.carried_sensor IS NULL
)
SELECT
  $run AS run, CAST($month AS DATE) AS month, b.take_in AS take_in, b.file AS file, b.line AS line,
  seen.feature AS feature, seen.customer AS customer, seen.team AS team, seen."user" AS "user", seen.environment AS environment, seen.service AS service, seen."release" AS "release",
  a.take_in AS of_take_in, a.file AS of_file, a.line AS of_line, CASE WHEN $rung = 'span' THEN 'span' ELSE 'usage' END AS rung
FROM placed AS a
JOIN placed AS b ON b.key = a.key AND b.island = a.island AND b.sensor = a.other AND b.other = a.sensor AND b.place = a.place
JOIN current_usage AS seen ON seen.take_in = b.take_in AND seen.file = b.file AND seen.line = b.line AND seen.time = b.time
WHERE (a.rank_of_sensor < b.rank_of_sensor OR (a.rank_of_sensor = b.rank_of_sensor AND a.sensor < b.sensor))
  AND (a.response_id IS NULL OR b.response_id IS NULL OR (a.response_id LIKE 'chatcmpl-________-____-____-____-____________') <> (b.response_id LIKE 'chatcmpl-________-____-____-____-____________'))
  AND ($rung <> 'usage' OR (a.time <= b.ends AND b.time <= a.ends))
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY b.take_in, b.file, b.line
  ORDER BY a.rank_of_sensor, a.sensor, CASE WHEN a.unit_key = b.unit_key THEN 0 ELSE 1 END, a.id, a.take_in, a.file, a.line
) = 1
