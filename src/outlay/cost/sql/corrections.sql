-- corrections: the corrections of past prices that touch a month.
-- grain:   one row per provider and instant at which some were learnt
-- reads:   price
-- returns: provider, recorded_at, prices (how many)
SELECT provider, recorded_at, COUNT(*) AS prices
FROM price
WHERE correction AND valid_from < $ends_at AND valid_to > $starts_at
GROUP BY provider, recorded_at
ORDER BY provider, recorded_at
