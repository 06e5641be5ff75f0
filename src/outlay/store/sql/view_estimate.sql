-- estimate: what each attempt costs, usage times price, in the run that priced it.
-- grain:   one row per run and usage row; rows that only saw a call another row carries are left out
-- reads:   current_usage, price_vector, observation
-- returns: the usage row, its attribution merged from all who saw the call; vector: the prices used; pico: the amount in 1e-12
--          of currency; amount: the same in currency;
--          unpriced_quantity: tokens and units without a price, unpriced_bound: the most they may cost, unbounded_quantity:
--          those that nothing bounds
--          reported_counts: whether the amount is what the provider says it cost, as policy has it
-- law:     no price is never zero: what has none is counted in unpriced_quantity; amounts are rounded once, half up, at 1e-12
-- A carrier may turn out to be carried itself, by a surer sensor on a later rung: attribution goes to the last of them.
WITH merged AS (
  SELECT
    o.run AS run, COALESCE(o4.of_take_in, o3.of_take_in, o2.of_take_in, o.of_take_in) AS take_in,
    COALESCE(o4.of_file, o3.of_file, o2.of_file, o.of_file) AS file, COALESCE(o4.of_line, o3.of_line, o2.of_line, o.of_line) AS line,
    MAX(o.feature) AS feature, MAX(o.customer) AS customer, MAX(o.team) AS team, MAX(o."user") AS "user", MAX(o.environment) AS environment, MAX(o.service) AS service, MAX(o."release") AS "release"
  FROM observation AS o
  LEFT JOIN observation AS o2 ON o2.run = o.run AND o2.take_in = o.of_take_in AND o2.file = o.of_file AND o2.line = o.of_line
  LEFT JOIN observation AS o3 ON o3.run = o.run AND o3.take_in = o2.of_take_in AND o3.file = o2.of_file AND o3.line = o2.of_line
  LEFT JOIN observation AS o4 ON o4.run = o.run AND o4.take_in = o3.of_take_in AND o4.file = o3.of_file AND o4.line = o3.of_line
  GROUP BY 1, 2, 3, 4
), priced AS (
  SELECT
  v.run AS run, v.month AS month, v.vector AS vector, v.reason AS reason, v.price_model AS price_model,
  u.take_in AS take_in, u.file AS file, u.line AS line, u.id AS id, u.time AS time, u.provider AS provider,
  u.model AS model, u.operation AS operation,
  COALESCE(u.feature, m.feature) AS feature,
  COALESCE(u.customer, m.customer) AS customer,
  COALESCE(u.team, m.team) AS team,
  COALESCE(u."user", m."user") AS "user",
  COALESCE(u.environment, m.environment) AS environment,
  COALESCE(u.service, m.service) AS service,
  COALESCE(u."release", m."release") AS "release",
  u.endpoint AS endpoint, u.prompt AS prompt, u.session AS session, u.trace AS trace, u.span AS span, u.parent AS parent,
  u.call AS call, u.attempt AS attempt, u.response_id AS response_id, u.state AS state, u.error AS error,
  u.context AS context, u.sensor AS sensor,
  u.input AS input, u.cache_read AS cache_read, u.cache_write_5m AS cache_write_5m, u.cache_write_1h AS cache_write_1h, u.cache_write AS cache_write, u.output AS output, u.output_reasoning AS output_reasoning, u.output_rejected AS output_rejected, u.input_audio AS input_audio, u.cache_read_audio AS cache_read_audio, u.output_audio AS output_audio, u.input_image AS input_image, u.output_image AS output_image, u.input_video AS input_video,
  u.unit AS unit, u.quantity AS quantity, u.duration_ms AS duration_ms, u.reported_cost AS reported_cost,
  CASE WHEN v.reported_counts = 1 AND u.reported_cost IS NOT NULL THEN u.currency ELSE v.currency END AS currency,
  u.input + u.cache_read + u.output + u.rare AS tokens,
  u.state IN ('refused', 'not_sent') AS not_billed,
  v.reported_counts = 1 AND u.reported_cost IS NOT NULL AS reported_counts,
  v.bound_atto AS bound_atto, v.bound_unit_amount AS bound_unit_amount,
  {part store/pricing}
  FROM (
    SELECT
      *, input + cache_read + cache_write_5m + cache_write_1h + cache_write + input_audio + cache_read_audio + input_image + input_video AS size,
      cache_write_5m + cache_write_1h + cache_write + output_reasoning + output_rejected + input_audio + cache_read_audio + output_audio + input_image + output_image + input_video AS rare
    FROM current_usage
  ) AS u
  JOIN price_vector AS v
    ON v.provider = u.provider AND v.model = COALESCE(u.model, '') AND v.context = u.context AND v.unit = COALESCE(u.unit, '')
    AND u.time >= v.valid_from AND u.time < v.valid_to AND u.size >= v.size_from AND u.size < v.size_to
  LEFT JOIN merged AS m ON m.run = v.run AND m.take_in = u.take_in AND m.file = u.file AND m.line = u.line
  LEFT JOIN observation AS o ON o.run = v.run AND o.take_in = u.take_in AND o.file = u.file AND o.line = u.line
  WHERE o.rung IS NULL
)
SELECT
  run, month, vector, reason, price_model, take_in, file, line, id, time, provider, model, operation,
  feature, customer, team, "user", environment, service, "release", endpoint, prompt, session, trace, span, parent, call, attempt,
  response_id, state, error, context, sensor, input, cache_read, cache_write_5m, cache_write_1h, cache_write, output, output_reasoning, output_rejected, input_audio, cache_read_audio, output_audio, input_image, output_image, input_video, unit, quantity, duration_ms, reported_cost, reported_counts, currency, tokens,
  CASE WHEN reported_counts THEN toInt256(reported_cost * 1000000000000)
    WHEN not_billed THEN toInt256(0) ELSE token_pico + unit_pico END AS pico,
  CASE WHEN reported_counts THEN reported_cost
    WHEN not_billed THEN CAST(0 AS DECIMAL(38,12))
    ELSE CAST(CAST(CAST(token_pico + unit_pico AS VARCHAR) AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) END AS amount,
  CASE WHEN not_billed OR NOT lacks_price THEN CAST(0 AS DECIMAL(38,15))
    ELSE CAST(unpriced_tokens AS DECIMAL(38,15)) + CASE WHEN unpriced_unit THEN quantity ELSE CAST(0 AS DECIMAL(38,15)) END
    END AS unpriced_quantity,
  CASE WHEN not_billed OR NOT lacks_price THEN CAST(0 AS DECIMAL(38,12))
    ELSE CAST(CAST(CAST(intDiv(toInt256(unpriced_tokens) * bound_atto + 999999, 1000000) AS VARCHAR) AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12))
      + CASE WHEN unpriced_unit AND bound_unit_amount IS NOT NULL
          THEN CAST(CAST(CAST(intDiv(toInt256(quantity * 1000000000) * toInt256(bound_unit_amount * 1000000000000) + 999999999, toInt256(1000000000)) AS VARCHAR) AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12))
          ELSE CAST(0 AS DECIMAL(38,12)) END END AS unpriced_bound,
  CASE WHEN not_billed OR NOT lacks_price THEN CAST(0 AS DECIMAL(38,15))
    ELSE CASE WHEN bound_atto = 0 THEN CAST(unpriced_tokens AS DECIMAL(38,15)) ELSE CAST(0 AS DECIMAL(38,15)) END
      + CASE WHEN unpriced_unit AND bound_unit_amount IS NULL THEN quantity ELSE CAST(0 AS DECIMAL(38,15)) END
    END AS unbounded_quantity
FROM (
  SELECT
    *, (unpriced_tokens > 0 OR unpriced_unit) AND NOT reported_counts AS lacks_price,
    {part store/rounding} AS token_pico
  FROM priced
) AS priced
