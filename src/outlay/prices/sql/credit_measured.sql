-- credit_measured: what usage of a span costs by estimate, by all that says whether a credit is for it.
-- grain:   one row per provider, model, context and currency
-- reads:   estimate, current_run
-- returns: model_name, empty where usage names none; amount in currency
SELECT provider, COALESCE(model, '') AS model_name, context, currency, SUM(amount) AS amount
FROM estimate
WHERE run IN (SELECT run FROM current_run) AND time >= $starts_at AND time < $ends_at
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
