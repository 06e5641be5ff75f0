-- current_exchange_rate: the exchange rates in force.
-- grain:   one row per day and pair of currencies
-- reads:   exchange_rate, take_in
-- returns: day, from_currency, to_currency; rate: how much of to_currency one of from_currency is worth; source
-- law:     the newest committed import that speaks of a day and a pair is the one that holds
SELECT
  e."day" AS "day", e.from_currency AS from_currency, e.to_currency AS to_currency, e.rate AS rate, e.source AS source
FROM exchange_rate AS e
JOIN take_in AS t ON t.take_in = e.take_in
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY e."day", e.from_currency, e.to_currency ORDER BY t.taken_at DESC, e.take_in DESC, e.file DESC, e.line DESC) = 1
