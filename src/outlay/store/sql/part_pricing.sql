-- pricing: what usage costs at a vector of prices, before rounding, and what of it has no price.
-- grain:   columns of one row of usage `u` (with `rare`: its less common tokens together) joined to its vector `v`
-- reads:   nothing by itself
-- returns: unpriced_tokens; unpriced_unit; token_atto in 1e-18 of the currency; unit_pico in 1e-12 of it, rounded half up
-- A token's price is whole in 1e-18 of the currency, so the sum over units is exact before the one rounding.
-- Marginal prices change what tokens of a unit after a number of them cost; few vectors have any.
-- Most rows use three units, and most have a price for all: the rest is behind a CASE, so that it costs only where it is.
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
    toInt256(u.input_video) * COALESCE(v.input_video_atto, 0) END
  + CASE WHEN v.steps = '' THEN toInt256(0) ELSE {part store/steps} END AS token_atto,
CASE WHEN u.unit IS NULL OR v.unit_amount IS NULL THEN toInt256(0)
  ELSE intDiv(
    toInt256(u.quantity * 1000000000) * toInt256(v.unit_amount * 1000000000000) + intDiv(toInt256(v.unit_per) * 1000000000, 2),
    toInt256(v.unit_per) * 1000000000) END AS unit_pico
