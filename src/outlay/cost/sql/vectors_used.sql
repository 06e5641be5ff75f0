-- vectors_used: the prices of token units that one run used.
-- grain:   one row per vector
-- reads:   price_vector
-- returns: the columns of price_vector
SELECT *
FROM price_vector
WHERE run = $run
ORDER BY vector
