-- same_usage: events of different sensors with equal usage of one model in one service at overlapping times.
-- grain:   one row per usage event that another one carries
-- reads:   current_usage, observation (of the same run, by earlier rungs)
-- returns: the columns of observation
-- law:     one call seen by several sensors costs once; who carries it does not depend on the order of arrival
-- Equal events of one sensor are different calls, so the n-th of one sensor is paired with the n-th of the other.
WITH several AS (
  SELECT provider, model, service
  FROM current_usage
  WHERE time >= $starts_at AND time < $ends_at
  GROUP BY provider, model, service
  HAVING MIN(sensor) <> MAX(sensor)
), open_rows AS (
  SELECT
    u.take_in AS take_in, u.file AS file, u.line AS line, u.id AS id, u.provider AS provider, u.model AS model,
    u.service AS service, u.sensor AS sensor, u.time AS time, COALESCE(u.duration_ms, 0) AS duration_ms,
    u.response_id AS response_id, u.trace AS trace,
    u.input AS input, u.cache_read AS cache_read, u.cache_write_5m AS cache_write_5m, u.cache_write_1h AS cache_write_1h, u.output AS output, u.output_reasoning AS output_reasoning, u.input_audio AS input_audio, u.cache_read_audio AS cache_read_audio, u.output_audio AS output_audio, u.input_image AS input_image, u.output_image AS output_image, COALESCE(u.unit, '') AS unit, u.quantity AS quantity,
    CASE u.sensor WHEN 'sdk' THEN 0 WHEN 'gateway' THEN 2 ELSE 1 END AS rank_of_sensor,
    ROW_NUMBER() OVER (
      PARTITION BY u.provider, u.model, u.service, u.sensor, u.input, u.cache_read, u.cache_write_5m, u.cache_write_1h, u.output, u.output_reasoning, u.input_audio, u.cache_read_audio, u.output_audio, u.input_image, u.output_image, u.unit, u.quantity
      ORDER BY u.time, u.id
    ) AS place
  FROM current_usage AS u
  JOIN several AS s
    ON s.provider = u.provider AND s.model IS NOT DISTINCT FROM u.model AND s.service IS NOT DISTINCT FROM u.service
  LEFT JOIN observation AS o ON o.run = $run AND o.take_in = u.take_in AND o.file = u.file AND o.line = u.line
  WHERE u.time >= $starts_at AND u.time < $ends_at AND o.rung IS NULL
    AND u.input + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.output + u.output_reasoning + u.input_audio + u.cache_read_audio + u.output_audio + u.input_image + u.output_image + u.quantity > 0
)
SELECT
  $run AS run, CAST($month AS DATE) AS month, b.take_in AS take_in, b.file AS file, b.line AS line,
  a.take_in AS of_take_in, a.file AS of_file, a.line AS of_line, 'usage' AS rung
FROM open_rows AS a
JOIN open_rows AS b
  ON b.provider = a.provider AND COALESCE(b.model, '') = COALESCE(a.model, '') AND COALESCE(b.service, '') = COALESCE(a.service, '')
  AND b.input = a.input AND b.cache_read = a.cache_read AND b.cache_write_5m = a.cache_write_5m AND b.cache_write_1h = a.cache_write_1h AND b.output = a.output AND b.output_reasoning = a.output_reasoning AND b.input_audio = a.input_audio AND b.cache_read_audio = a.cache_read_audio AND b.output_audio = a.output_audio AND b.input_image = a.input_image AND b.output_image = a.output_image
  AND b.unit = a.unit AND b.quantity = a.quantity AND b.place = a.place
WHERE (a.rank_of_sensor < b.rank_of_sensor OR (a.rank_of_sensor = b.rank_of_sensor AND a.sensor < b.sensor))
  AND (a.response_id IS NULL OR b.response_id IS NULL)
  AND (
    (a.trace IS NOT NULL AND a.trace = b.trace)
    OR (a.time <= b.time + INTERVAL (b.duration_ms + 1000) MILLISECOND
      AND b.time <= a.time + INTERVAL (a.duration_ms + 1000) MILLISECOND)
  )
QUALIFY ROW_NUMBER() OVER (PARTITION BY b.take_in, b.file, b.line ORDER BY a.rank_of_sensor, a.sensor, a.id) = 1
