-- form_price_long: the same estimate from the long form; attempts have to be counted apart.
-- grain:   one row per feature and model
-- returns: feature, model, attempts, atto in 1e-18 dollars
SELECT l.feature AS feature, l.model AS model, COUNT(DISTINCT l.id) AS attempts,
  SUM(CAST(l.quantity AS HUGEINT) * p.atto) AS atto
FROM long AS l
JOIN price AS p ON p.provider = l.provider AND p.model = l.model AND p.unit = l.unit
GROUP BY l.feature, l.model
ORDER BY feature, model
