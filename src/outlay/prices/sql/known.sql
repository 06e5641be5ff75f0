-- known: every price, percentage and deployment that was known at an instant, also those that later ones replace.
-- grain:   one row per record of table price
-- reads:   price
-- returns: its columns; amount in currency for `per` units, size_from in tokens; oldest knowledge first
-- law:     5: what was learnt after known_at does not exist
SELECT provider, model, pattern, unit, context, size_from, amount, per, currency, valid_from, valid_to, source, recorded_at, correction, marginal
FROM price
WHERE recorded_at <= $known_at
ORDER BY recorded_at, provider, model, unit, context, size_from, valid_from, source, amount
