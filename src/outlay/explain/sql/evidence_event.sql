-- evidence_event: the usage events behind the driver of some pools' shares, with the prices that were used.
-- grain:   one row per share and usage event, dearest first within a share, at most $most each
-- reads:   share, pot, pool, estimate, price_vector
-- returns: pool and to_<dimension>, which name the share; the event with its usage; amount in currency; the prices of one
--          token in 1e-18 of it, steps (see price_vector), unit_amount for unit_per units, their source and since when they hold; events: how many
--          the share has, and events_amount: what they cost together
-- law:     the events of a share cost together what its rows of evidence_measured do
WITH wanted AS (
  {part explain/shares_of_pots}
), found AS (
  SELECT
    s.pool AS pool, s.feature AS to_feature, s.customer AS to_customer, s.team AS to_team, s."user" AS to_user,
    s.environment AS to_environment, s.service AS to_service, s."release" AS to_release, s.model AS to_model,
    u.take_in AS take_in, u.file AS file, u.line AS line, u.id AS id, u.time AS time, u.vector AS vector, u.provider AS provider,
    u.model AS model, u.operation AS operation, u.feature AS feature, u.customer AS customer, u.team AS team, u."user" AS "user",
    u.environment AS environment, u.service AS service, u."release" AS "release", u.state AS state, u.error AS error,
    u.attempt AS attempt, u.tokens AS tokens, u.duration_ms AS duration_ms, u.unit AS unit, u.quantity AS quantity,
    u.input AS input, u.cache_read AS cache_read, u.cache_write_5m AS cache_write_5m, u.cache_write_1h AS cache_write_1h, u.cache_write AS cache_write, u.output AS output, u.output_reasoning AS output_reasoning, u.output_rejected AS output_rejected, u.input_audio AS input_audio, u.cache_read_audio AS cache_read_audio, u.output_audio AS output_audio, u.input_image AS input_image, u.output_image AS output_image, u.input_video AS input_video,
    u.currency AS currency, u.amount AS amount
  FROM wanted AS s
  JOIN pool AS p ON p.run = $run AND p.pool = s.pool
  JOIN estimate AS u ON u.run = p.run
  WHERE ($whole_month = 1 OR CAST(u.time AS DATE) = s.share_day)
    {part explain/measured_for}
), ranked AS (
  SELECT
    *,
    COUNT(*) OVER (PARTITION BY pool, to_feature, to_customer, to_team, to_user, to_environment, to_service, to_release, to_model) AS events,
    SUM(amount) OVER (PARTITION BY pool, to_feature, to_customer, to_team, to_user, to_environment, to_service, to_release, to_model) AS events_amount,
    ROW_NUMBER() OVER (
      PARTITION BY pool, to_feature, to_customer, to_team, to_user, to_environment, to_service, to_release, to_model
      ORDER BY amount DESC, time, id, take_in, file, line
    ) AS turn
  FROM found
)
SELECT
  f.pool AS pool, f.to_feature AS to_feature, f.to_customer AS to_customer, f.to_team AS to_team, f.to_user AS to_user,
  f.to_environment AS to_environment, f.to_service AS to_service, f.to_release AS to_release, f.to_model AS to_model,
  f.take_in AS take_in, f.file AS file, f.line AS line, f.id AS id, f.time AS time, f.provider AS provider,
  f.model AS model, f.operation AS operation, f.feature AS feature, f.customer AS customer, f.team AS team, f."user" AS "user",
  f.environment AS environment, f.service AS service, f."release" AS "release", f.state AS state, f.error AS error,
  f.attempt AS attempt, f.tokens AS tokens, f.duration_ms AS duration_ms, f.unit AS unit, f.quantity AS quantity,
  f.input AS input, f.cache_read AS cache_read, f.cache_write_5m AS cache_write_5m, f.cache_write_1h AS cache_write_1h, f.cache_write AS cache_write, f.output AS output, f.output_reasoning AS output_reasoning, f.output_rejected AS output_rejected, f.input_audio AS input_audio, f.cache_read_audio AS cache_read_audio, f.output_audio AS output_audio, f.input_image AS input_image, f.output_image AS output_image, f.input_video AS input_video,
  f.currency AS currency, f.amount AS amount, f.events AS events, f.events_amount AS events_amount,
  v.source AS source, v.valid_from AS valid_from, v.price_model AS price_model, v.reason AS reason,
  v.unit_amount AS unit_amount, v.unit_per AS unit_per, v.steps AS steps,
  v.input_atto AS input_atto, v.cache_read_atto AS cache_read_atto, v.cache_write_5m_atto AS cache_write_5m_atto, v.cache_write_1h_atto AS cache_write_1h_atto, v.cache_write_atto AS cache_write_atto, v.output_atto AS output_atto, v.output_reasoning_atto AS output_reasoning_atto, v.output_rejected_atto AS output_rejected_atto, v.input_audio_atto AS input_audio_atto, v.cache_read_audio_atto AS cache_read_audio_atto, v.output_audio_atto AS output_audio_atto, v.input_image_atto AS input_image_atto, v.output_image_atto AS output_image_atto, v.input_video_atto AS input_video_atto
FROM ranked AS f
JOIN price_vector AS v ON v.run = $run AND v.vector = f.vector
WHERE f.turn <= $most
ORDER BY pool, to_feature, to_customer, to_team, to_user, to_environment, to_service, to_release, to_model, f.turn
