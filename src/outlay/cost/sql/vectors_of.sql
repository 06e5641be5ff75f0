-- vectors_of: the prices that two runs used, side by side.
-- grain:   one row per run and vector
-- reads:   price_vector
-- returns: the columns of price_vector
SELECT *
FROM price_vector
WHERE run IN ($replaced, $run)
ORDER BY provider, model, context, unit, valid_from, size_from, run
