-- form_price_wide: the estimate by feature and model, from the wide form; the prices of a model become one row first.
-- grain:   one row per feature and model
-- returns: feature, model, attempts, atto in 1e-18 dollars
WITH vector AS (
  SELECT provider, model,
    MAX(atto) FILTER (unit = 'input') AS input, MAX(atto) FILTER (unit = 'cache_read') AS cache_read,
    MAX(atto) FILTER (unit = 'output') AS output, MAX(atto) FILTER (unit = 'output_reasoning') AS output_reasoning,
    MAX(atto) FILTER (unit = 'page') AS page
  FROM price
  GROUP BY provider, model
)
SELECT w.feature AS feature, w.model AS model, COUNT(*) AS attempts,
  SUM(w.input * v.input + w.cache_read * v.cache_read + w.output * v.output + w.output_reasoning * v.output_reasoning
    + CAST(w.quantity AS HUGEINT) * CASE WHEN w.unit = 'page' THEN v.page ELSE 0 END) AS atto
FROM wide AS w
JOIN vector AS v ON v.provider = w.provider AND v.model = w.model
GROUP BY w.feature, w.model
ORDER BY feature, model
