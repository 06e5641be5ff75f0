-- held: the exchange rates in force between two days.
-- grain:   one row per day and pair of currencies
-- reads:   current_exchange_rate
-- returns: day, from_currency, to_currency; rate: how much of to_currency one of from_currency is worth; source
SELECT "day", from_currency, to_currency, rate, source
FROM current_exchange_rate
WHERE "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE)
ORDER BY from_currency, to_currency, "day"
