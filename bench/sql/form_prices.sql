-- form_prices: a price for every unit of every model; whole numbers of 1e-18 dollars for one.
-- grain:   one row per provider, model and unit
CREATE TABLE price AS
SELECT provider, model, unit, CAST(hash(provider || model || unit) % 30 + 1 AS HUGEINT) * 100000000000 AS atto
FROM (SELECT DISTINCT provider, model FROM attempt)
CROSS JOIN (SELECT unnest(['input', 'cache_read', 'output', 'output_reasoning', 'page']) AS unit)
