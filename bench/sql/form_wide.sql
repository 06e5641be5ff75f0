-- form_wide: the attempts, a column for each token unit (disjoint) and a pair for any other.
-- grain:   one row per attempt
CREATE TABLE wide AS
SELECT
  i AS id, at_time AS "time", provider, model, feature, customer,
  fresh AS input, cached AS cache_read, 0::BIGINT AS cache_write_5m, 0::BIGINT AS cache_write_1h, answer AS output,
  reasoned AS output_reasoning, 0::BIGINT AS input_audio, 0::BIGINT AS cache_read_audio, 0::BIGINT AS output_audio,
  0::BIGINT AS input_image, 0::BIGINT AS output_image,
  CASE WHEN pages > 0 THEN 'page' END AS unit, CAST(pages AS DECIMAL(38,15)) AS quantity
FROM attempt
