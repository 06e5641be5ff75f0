-- compared: whose charges are held against usage, as the first parts of a WITH.
-- grain:   named queries: `names`, one row per provider of usage; `whole`, one row per provider all of whose charges count
-- reads:   rollup_day, current_charge
-- returns: names: provider_key (small letters), usage_provider; whole: provider
-- Of a provider that bills other things than AI too, the charges of the AI service category are compared; of others all
-- are, credits, tax and fees included, when usage knows the provider. Provider names are compared without case.
names AS (
  SELECT lower(provider) AS provider_key, MIN(provider) AS usage_provider
  FROM rollup_day
  WHERE run = $run
  GROUP BY 1
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
)
