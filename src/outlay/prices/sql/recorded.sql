-- recorded: every record of the price book, oldest knowledge first.
-- grain:   one row per record of table price
-- reads:   price
-- returns: its columns; amount in currency for `per` units, size_from in tokens
SELECT provider, model, pattern, unit, context, size_from, amount, per, currency, valid_from, valid_to, source, recorded_at, correction, marginal
FROM price
ORDER BY recorded_at, provider, model, unit, context, size_from, valid_from, source, amount
