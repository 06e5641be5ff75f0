-- held:    what the price book has been learnt from.
-- grain:   one row per source text
-- reads:   price
-- returns: source; prices, how many records are from it
SELECT source, COUNT(*) AS prices
FROM price
GROUP BY 1
ORDER BY 1
