-- keys: everything a month's usage needs a price for, as usage names it.
-- grain:   one row per provider, model, context and unit
-- reads:   current_usage
-- returns: those four, absent model and unit as empty text; attempts
SELECT provider, COALESCE(model, '') AS model_name, context, COALESCE(unit, '') AS unit_name, COUNT(*) AS attempts
FROM current_usage
WHERE time >= $starts_at AND time < $ends_at
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
