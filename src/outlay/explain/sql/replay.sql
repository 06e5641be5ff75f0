-- replay: what the usage of one published run would cost with other quantities, at the prices that one choice names.
-- grain:   one row per value of the dimensions and price vector
-- reads:   estimate, price_vector
-- returns: the dimensions; vector; calls, attempts; amount in the currency of the vector; unpriced_quantity: tokens and units
--          without a price, unpriced_attempts: attempts that have some; tokens of every unit; quantity of the other unit
-- law:     the arithmetic is that of the view `estimate`: exact for each attempt, rounded once, half up, at 1e-12
-- $choice: the run under which the choice's prices stand; usage they do not name is left out.
-- $cut: millionths of the prompt left out, whole tokens of each unit; $hit: millionths of fresh and cached text of the prompt that
-- are read from the cache, less than 0 to leave the cache as it was.
WITH used AS (
  SELECT *, CAST(time AS DATE) AS "day"
  FROM estimate
  WHERE run = $run AND time >= $starts_at AND time < $ends_at
), kept AS (
  SELECT
    month, "day", time, provider, model, operation, feature, customer, team, "user", environment, service, "release", state, error, currency,
    context, unit, quantity, attempt, output, output_reasoning, output_rejected, output_audio, output_image,
    CASE WHEN $cut = 0 THEN input ELSE input - CAST(intDiv(toInt256(input) * $cut, 1000000) AS BIGINT) END AS kept_input,
    CASE WHEN $cut = 0 THEN cache_read ELSE cache_read - CAST(intDiv(toInt256(cache_read) * $cut, 1000000) AS BIGINT) END AS kept_cache_read,
    CASE WHEN $cut = 0 THEN cache_write_5m ELSE cache_write_5m - CAST(intDiv(toInt256(cache_write_5m) * $cut, 1000000) AS BIGINT) END AS kept_cache_write_5m,
    CASE WHEN $cut = 0 THEN cache_write_1h ELSE cache_write_1h - CAST(intDiv(toInt256(cache_write_1h) * $cut, 1000000) AS BIGINT) END AS kept_cache_write_1h,
    CASE WHEN $cut = 0 THEN cache_write ELSE cache_write - CAST(intDiv(toInt256(cache_write) * $cut, 1000000) AS BIGINT) END AS kept_cache_write,
    CASE WHEN $cut = 0 THEN input_audio ELSE input_audio - CAST(intDiv(toInt256(input_audio) * $cut, 1000000) AS BIGINT) END AS kept_input_audio,
    CASE WHEN $cut = 0 THEN cache_read_audio ELSE cache_read_audio - CAST(intDiv(toInt256(cache_read_audio) * $cut, 1000000) AS BIGINT) END AS kept_cache_read_audio,
    CASE WHEN $cut = 0 THEN input_image ELSE input_image - CAST(intDiv(toInt256(input_image) * $cut, 1000000) AS BIGINT) END AS kept_input_image,
    CASE WHEN $cut = 0 THEN input_video ELSE input_video - CAST(intDiv(toInt256(input_video) * $cut, 1000000) AS BIGINT) END AS kept_input_video
  FROM used
  WHERE 1 = 1{where}
), changed AS (
  SELECT
    month, "day", time, provider, model, operation, feature, customer, team, "user", environment, service, "release", state, error, currency,
    context, unit, quantity, attempt, output, output_reasoning, output_rejected, output_audio, output_image,
    CASE WHEN $hit < 0 THEN kept_input
      ELSE kept_input + kept_cache_read - CAST(intDiv(toInt256(kept_input + kept_cache_read) * $hit, 1000000) AS BIGINT) END AS input,
    CASE WHEN $hit < 0 THEN kept_cache_read
      ELSE CAST(intDiv(toInt256(kept_input + kept_cache_read) * $hit, 1000000) AS BIGINT) END AS cache_read,
    kept_cache_write_5m AS cache_write_5m, kept_cache_write_1h AS cache_write_1h, kept_cache_write AS cache_write, kept_input_audio AS input_audio, kept_cache_read_audio AS cache_read_audio, kept_input_image AS input_image, kept_input_video AS input_video,
    kept_input + kept_cache_read + kept_cache_write_5m + kept_cache_write_1h + kept_cache_write + kept_input_audio + kept_cache_read_audio + kept_input_image + kept_input_video AS size,
    kept_cache_write_5m + kept_cache_write_1h + kept_cache_write + output_reasoning + output_rejected + kept_input_audio + kept_cache_read_audio + output_audio + kept_input_image + output_image + kept_input_video AS rare
  FROM kept
), priced AS (
  SELECT
    u.*, v.vector AS vector, u.state IN ('refused', 'not_sent') AS not_billed,
    CASE WHEN v.input_atto IS NULL THEN u.input ELSE 0 END + CASE WHEN v.cache_read_atto IS NULL THEN u.cache_read ELSE 0 END + CASE WHEN v.output_atto IS NULL THEN u.output ELSE 0 END
      + CASE WHEN u.rare = 0 THEN 0 ELSE
        CASE WHEN v.cache_write_5m_atto IS NULL THEN u.cache_write_5m ELSE 0 END +
        CASE WHEN v.cache_write_1h_atto IS NULL THEN u.cache_write_1h ELSE 0 END +
        CASE WHEN v.cache_write_atto IS NULL THEN u.cache_write ELSE 0 END +
        CASE WHEN v.output_reasoning_atto IS NULL THEN u.output_reasoning ELSE 0 END +
        CASE WHEN v.output_rejected_atto IS NULL THEN u.output_rejected ELSE 0 END +
        CASE WHEN v.input_audio_atto IS NULL THEN u.input_audio ELSE 0 END +
        CASE WHEN v.cache_read_audio_atto IS NULL THEN u.cache_read_audio ELSE 0 END +
        CASE WHEN v.output_audio_atto IS NULL THEN u.output_audio ELSE 0 END +
        CASE WHEN v.input_image_atto IS NULL THEN u.input_image ELSE 0 END +
        CASE WHEN v.output_image_atto IS NULL THEN u.output_image ELSE 0 END +
        CASE WHEN v.input_video_atto IS NULL THEN u.input_video ELSE 0 END END AS unpriced_tokens,
    u.unit IS NOT NULL AND v.unit_amount IS NULL AS unpriced_unit,
    toInt256(u.input) * COALESCE(v.input_atto, 0) + toInt256(u.cache_read) * COALESCE(v.cache_read_atto, 0) + toInt256(u.output) * COALESCE(v.output_atto, 0)
      + CASE WHEN u.rare = 0 THEN toInt256(0) ELSE
        toInt256(u.cache_write_5m) * COALESCE(v.cache_write_5m_atto, 0) +
        toInt256(u.cache_write_1h) * COALESCE(v.cache_write_1h_atto, 0) +
        toInt256(u.cache_write) * COALESCE(v.cache_write_atto, 0) +
        toInt256(u.output_reasoning) * COALESCE(v.output_reasoning_atto, 0) +
        toInt256(u.output_rejected) * COALESCE(v.output_rejected_atto, 0) +
        toInt256(u.input_audio) * COALESCE(v.input_audio_atto, 0) +
        toInt256(u.cache_read_audio) * COALESCE(v.cache_read_audio_atto, 0) +
        toInt256(u.output_audio) * COALESCE(v.output_audio_atto, 0) +
        toInt256(u.input_image) * COALESCE(v.input_image_atto, 0) +
        toInt256(u.output_image) * COALESCE(v.output_image_atto, 0) +
        toInt256(u.input_video) * COALESCE(v.input_video_atto, 0) END AS token_atto,
    CASE WHEN u.unit IS NULL OR v.unit_amount IS NULL THEN toInt256(0)
      ELSE intDiv(
        toInt256(u.quantity * 1000000000) * toInt256(v.unit_amount * 1000000000000) + intDiv(toInt256(v.unit_per) * 1000000000, 2),
        toInt256(v.unit_per) * 1000000000) END AS unit_pico
  FROM changed AS u
  JOIN price_vector AS v
    ON v.run = $choice AND v.provider = u.provider AND v.model = COALESCE(u.model, '') AND v.context = u.context
    AND v.unit = COALESCE(u.unit, '') AND u.time >= v.valid_from AND u.time < v.valid_to
    AND u.size >= v.size_from AND u.size < v.size_to
), rounded AS (
  SELECT
    *, unit_pico + CASE WHEN token_atto < 9000000000000000000 THEN toInt256(intDiv(CAST(token_atto AS BIGINT) + 500000, 1000000))
      ELSE intDiv(token_atto + 500000, 1000000) END AS pico
  FROM priced
)
SELECT
  {dimensions} vector,
  SUM(CASE WHEN attempt = 1 THEN 1 ELSE 0 END) AS calls, COUNT(*) AS attempts,
  CAST(CAST(CAST(SUM(CASE WHEN not_billed THEN toInt256(0) ELSE pico END) AS VARCHAR) AS DECIMAL(38,0))
    * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS amount,
  SUM(CASE WHEN not_billed THEN CAST(0 AS DECIMAL(38,15))
    ELSE CAST(unpriced_tokens AS DECIMAL(38,15)) + CASE WHEN unpriced_unit THEN quantity ELSE CAST(0 AS DECIMAL(38,15)) END
    END) AS unpriced_quantity,
  SUM(CASE WHEN NOT not_billed AND (unpriced_tokens > 0 OR unpriced_unit) THEN 1 ELSE 0 END) AS unpriced_attempts,
  SUM(CASE WHEN not_billed THEN 0 ELSE input END) AS input, SUM(CASE WHEN not_billed THEN 0 ELSE cache_read END) AS cache_read, SUM(CASE WHEN not_billed THEN 0 ELSE cache_write_5m END) AS cache_write_5m, SUM(CASE WHEN not_billed THEN 0 ELSE cache_write_1h END) AS cache_write_1h, SUM(CASE WHEN not_billed THEN 0 ELSE cache_write END) AS cache_write, SUM(CASE WHEN not_billed THEN 0 ELSE output END) AS output, SUM(CASE WHEN not_billed THEN 0 ELSE output_reasoning END) AS output_reasoning, SUM(CASE WHEN not_billed THEN 0 ELSE output_rejected END) AS output_rejected, SUM(CASE WHEN not_billed THEN 0 ELSE input_audio END) AS input_audio, SUM(CASE WHEN not_billed THEN 0 ELSE cache_read_audio END) AS cache_read_audio, SUM(CASE WHEN not_billed THEN 0 ELSE output_audio END) AS output_audio, SUM(CASE WHEN not_billed THEN 0 ELSE input_image END) AS input_image, SUM(CASE WHEN not_billed THEN 0 ELSE output_image END) AS output_image, SUM(CASE WHEN not_billed THEN 0 ELSE input_video END) AS input_video,
  SUM(CASE WHEN not_billed THEN CAST(0 AS DECIMAL(38,15)) ELSE quantity END) AS quantity
FROM rounded
GROUP BY ALL
ORDER BY {names} vector
