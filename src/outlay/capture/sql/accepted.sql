-- accepted: the events of an import that are new, each once.
-- grain:   one row per event and unit
-- reads:   arrival, current_usage
-- returns: the columns of usage
-- law:     which of several equal ids is taken depends on their content only, not on their order
-- A repeated event keeps its time, so only the import's own days are looked at, and a week either side.
WITH span AS (
  SELECT MIN(time) - INTERVAL 7 DAY AS since, MAX(time) + INTERVAL 7 DAY AS until FROM arrival WHERE take_in = $take_in
), known AS (
  SELECT DISTINCT u.id AS id
  FROM current_usage AS u
  WHERE u.time >= (SELECT since FROM span) AND u.time <= (SELECT until FROM span)
    AND u.id IN (SELECT id FROM arrival WHERE take_in = $take_in)
), chosen AS (
  SELECT id, MIN(fingerprint) AS fingerprint
  FROM arrival
  WHERE take_in = $take_in AND id NOT IN (SELECT id FROM known)
  GROUP BY id
), places AS (
  SELECT c.id AS id, MIN(a.file * 1099511627776 + a.line) AS place
  FROM chosen AS c
  JOIN arrival AS a ON a.id = c.id AND a.fingerprint = c.fingerprint
  WHERE a.take_in = $take_in
  GROUP BY c.id
)
SELECT
  a.take_in AS take_in, a.file AS file, a.line AS line, a.id AS id, a.fingerprint AS fingerprint, a.time AS time,
  a.provider AS provider, a.model AS model, a.operation AS operation, a.feature AS feature, a.customer AS customer, a.team AS team,
  a."user" AS "user", a.environment AS environment, a.service AS service, a."release" AS "release", a.endpoint AS endpoint, a.prompt AS prompt,
  a.session AS session, a.trace AS trace, a.span AS span, a.parent AS parent, a."call" AS "call", a.attempt AS attempt,
  a.response_id AS response_id, a.state AS state, a.error AS error, a.context AS context,
  a.sensor AS sensor, a.input AS input, a.cache_read AS cache_read, a.cache_write_5m AS cache_write_5m, a.cache_write_1h AS cache_write_1h, a.cache_write AS cache_write, a.output AS output,
  a.output_reasoning AS output_reasoning, a.output_rejected AS output_rejected, a.input_audio AS input_audio, a.cache_read_audio AS cache_read_audio, a.output_audio AS output_audio, a.input_image AS input_image, a.output_image AS output_image, a.input_video AS input_video,
  a.unit AS unit, a.quantity AS quantity, a.duration_ms AS duration_ms, a.reported_cost AS reported_cost, a.currency AS currency, a.tags AS tags
FROM arrival AS a
JOIN places AS p ON p.id = a.id AND p.place = a.file * 1099511627776 + a.line
WHERE a.take_in = $take_in
