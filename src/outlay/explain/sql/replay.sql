-- replay: what the usage of one published run would cost with other quantities, at the prices that one choice names.
-- grain:   one row per value of the dimensions and price vector
-- reads:   estimate, price_vector
-- returns: the dimensions; vector; calls, attempts; amount in the currency of the vector; unpriced_quantity: tokens and units
--          without a price, unpriced_attempts: attempts that have some; tokens of every unit; quantity of the other unit
-- law:     the arithmetic is that of the view `estimate`: exact for each attempt, rounded once, half up, at 1e-12
-- What a provider said a call cost counts where its vector says so, as long as nothing of the call is changed.
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
    context, unit, quantity, attempt, reported_cost, reported_counts AS was_reported, output, output_reasoning, output_rejected, output_audio, output_image,
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
    context, unit, quantity, attempt, reported_cost, was_reported, output, output_reasoning, output_rejected, output_audio, output_image,
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
    v.reported_counts = 1 AND u.was_reported AND u.currency = v.currency AND $cut = 0 AND $hit < 0 AS reported_counts,
    {part store/pricing}
  FROM changed AS u
  JOIN price_vector AS v
    ON v.run = $choice AND v.provider = u.provider AND v.model = COALESCE(u.model, '') AND v.context = u.context
    AND v.unit = COALESCE(u.unit, '') AND u.time >= v.valid_from AND u.time < v.valid_to
    AND u.size >= v.size_from AND u.size < v.size_to
), rounded AS (
  SELECT
    *, (unpriced_tokens > 0 OR unpriced_unit) AND NOT reported_counts AND NOT not_billed AS lacks_price,
    CASE WHEN reported_counts THEN toInt256(reported_cost * 1000000000000)
      WHEN not_billed THEN toInt256(0) ELSE unit_pico + {part store/rounding} END AS pico
  FROM priced
)
SELECT
  {dimensions} vector,
  SUM(CASE WHEN attempt = 1 THEN 1 ELSE 0 END) AS calls, COUNT(*) AS attempts,
  CAST(CAST(CAST(SUM(pico) AS VARCHAR) AS DECIMAL(38,0))
    * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS amount,
  SUM(CASE WHEN lacks_price THEN CAST(unpriced_tokens AS DECIMAL(38,15)) + CASE WHEN unpriced_unit THEN quantity ELSE CAST(0 AS DECIMAL(38,15)) END
    ELSE CAST(0 AS DECIMAL(38,15)) END) AS unpriced_quantity,
  SUM(CASE WHEN lacks_price THEN 1 ELSE 0 END) AS unpriced_attempts,
  SUM(CASE WHEN not_billed THEN 0 ELSE input END) AS input, SUM(CASE WHEN not_billed THEN 0 ELSE cache_read END) AS cache_read, SUM(CASE WHEN not_billed THEN 0 ELSE cache_write_5m END) AS cache_write_5m, SUM(CASE WHEN not_billed THEN 0 ELSE cache_write_1h END) AS cache_write_1h, SUM(CASE WHEN not_billed THEN 0 ELSE cache_write END) AS cache_write, SUM(CASE WHEN not_billed THEN 0 ELSE output END) AS output, SUM(CASE WHEN not_billed THEN 0 ELSE output_reasoning END) AS output_reasoning, SUM(CASE WHEN not_billed THEN 0 ELSE output_rejected END) AS output_rejected, SUM(CASE WHEN not_billed THEN 0 ELSE input_audio END) AS input_audio, SUM(CASE WHEN not_billed THEN 0 ELSE cache_read_audio END) AS cache_read_audio, SUM(CASE WHEN not_billed THEN 0 ELSE output_audio END) AS output_audio, SUM(CASE WHEN not_billed THEN 0 ELSE input_image END) AS input_image, SUM(CASE WHEN not_billed THEN 0 ELSE output_image END) AS output_image, SUM(CASE WHEN not_billed THEN 0 ELSE input_video END) AS input_video,
  SUM(CASE WHEN not_billed THEN CAST(0 AS DECIMAL(38,15)) ELSE quantity END) AS quantity
FROM rounded
GROUP BY ALL
ORDER BY {names} vector
