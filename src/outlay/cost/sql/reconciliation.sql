-- reconciliation: what AI providers billed, by model and day, against usage times price.
-- grain:   one row per day, provider, model and currency
-- reads:   current_charge, rollup_day
-- returns: the columns of reconciliation; unseen + quantity_gap + price_gap + not_billed + credits_and_tax + rest
--          = billed - estimated, exactly
-- law:     the parts of a gap sum to the gap
-- Of a provider that bills other things than AI too, the charges of the AI service category are compared; of others all
-- are, credits, tax and fees included, when usage knows the provider. Provider names are compared without case; the
-- model is the resource that was billed.
WITH names AS (
  SELECT DISTINCT lower(provider) AS provider_key, provider AS usage_provider
  FROM rollup_day
  WHERE run = $run
), kinds AS (
  SELECT
    provider,
    SUM(CASE WHEN service_category = 'AI and Machine Learning' THEN 1 ELSE 0 END) AS ai_lines,
    COUNT(*) AS usage_lines
  FROM current_charge
  WHERE charge_period_start >= $starts_at AND charge_period_start < $ends_at AND charge_category = 'Usage'
  GROUP BY provider
), whole AS (
  SELECT provider
  FROM kinds
  WHERE ai_lines = usage_lines OR (ai_lines = 0 AND lower(provider) IN (SELECT provider_key FROM names))
), bill AS (
  SELECT
    CAST(c.charge_period_start AS DATE) AS bill_day,
    COALESCE(n.usage_provider, lower(c.provider)) AS bill_provider,
    CASE WHEN c.charge_category = 'Usage' THEN COALESCE(c.resource_id, c.sku_id, '') ELSE '' END AS bill_model,
    c.billing_currency AS bill_currency,
    SUM(CASE WHEN c.charge_category = 'Usage' THEN c.billed_cost ELSE CAST(0 AS DECIMAL(38,12)) END) AS usage_cost,
    SUM(CASE WHEN c.charge_category = 'Usage' THEN CAST(0 AS DECIMAL(38,12)) ELSE c.billed_cost END) AS other_cost,
    SUM(CASE WHEN c.charge_category = 'Usage' THEN COALESCE(c.consumed_quantity, CAST(0 AS DECIMAL(38,15)))
      ELSE CAST(0 AS DECIMAL(38,15)) END) AS units
  FROM current_charge AS c
  LEFT JOIN names AS n ON n.provider_key = lower(c.provider)
  WHERE c.charge_period_start >= $starts_at AND c.charge_period_start < $ends_at
    AND (COALESCE(c.service_category, '') = 'AI and Machine Learning' OR c.provider IN (SELECT provider FROM whole))
  GROUP BY 1, 2, 3, 4
), seen AS (
  SELECT
    "day" AS seen_day, provider AS seen_provider, COALESCE(model, '') AS seen_model, currency AS seen_currency,
    SUM(estimated_cost) AS estimated_cost, SUM(tokens) + SUM(quantity) AS units
  FROM rollup_day
  WHERE run = $run
  GROUP BY 1, 2, 3, 4
), pairs AS (
  SELECT
    COALESCE(b.bill_day, s.seen_day) AS pair_day, COALESCE(b.bill_provider, s.seen_provider) AS pair_provider,
    COALESCE(b.bill_model, s.seen_model) AS pair_model, COALESCE(b.bill_currency, s.seen_currency) AS pair_currency,
    COALESCE(b.usage_cost, CAST(0 AS DECIMAL(38,12))) AS usage_cost, COALESCE(b.other_cost, CAST(0 AS DECIMAL(38,12))) AS other_cost,
    COALESCE(s.estimated_cost, CAST(0 AS DECIMAL(38,12))) AS estimated_cost,
    b.bill_day IS NOT NULL AND (b.usage_cost <> 0 OR b.units <> 0) AS is_billed,
    s.seen_day IS NOT NULL AS is_seen,
    toInt256(floor(COALESCE(b.units, CAST(0 AS DECIMAL(38,15))) * 1000)) AS billed_units,
    toInt256(floor(COALESCE(s.units, CAST(0 AS DECIMAL(38,15))) * 1000)) AS seen_units
  FROM bill AS b
  FULL JOIN seen AS s
    ON s.seen_day = b.bill_day AND s.seen_provider = b.bill_provider AND lower(s.seen_model) = lower(b.bill_model)
    AND s.seen_currency = b.bill_currency
), valued AS (
  SELECT
    *,
    CASE WHEN is_billed AND is_seen AND seen_units > 0 AND billed_units > 0
      THEN CAST(CAST(CAST(intDiv(toInt256(estimated_cost * 1000000000000) * billed_units, seen_units) AS VARCHAR) AS DECIMAL(38,0))
        * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12))
      ELSE estimated_cost END AS at_our_price
  FROM pairs
)
SELECT
  $run AS run, CAST($month AS DATE) AS month, pair_day AS "day", pair_provider AS provider, pair_model AS model,
  pair_currency AS currency,
  usage_cost + other_cost AS billed,
  estimated_cost AS estimated,
  CASE WHEN is_billed AND NOT is_seen THEN usage_cost ELSE CAST(0 AS DECIMAL(38,12)) END AS unseen,
  CASE WHEN is_billed AND is_seen THEN at_our_price - estimated_cost ELSE CAST(0 AS DECIMAL(38,12)) END AS quantity_gap,
  CASE WHEN is_billed AND is_seen AND seen_units > 0 AND billed_units > 0 THEN usage_cost - at_our_price
    ELSE CAST(0 AS DECIMAL(38,12)) END AS price_gap,
  CASE WHEN is_seen AND NOT is_billed THEN -estimated_cost ELSE CAST(0 AS DECIMAL(38,12)) END AS not_billed,
  other_cost AS credits_and_tax,
  CASE WHEN is_billed AND is_seen AND NOT (seen_units > 0 AND billed_units > 0) THEN usage_cost - estimated_cost
    ELSE CAST(0 AS DECIMAL(38,12)) END AS rest
FROM valued
