-- worth: what amounts of days are in another currency, summed exactly.
-- grain:   the end of one statement: one row per value of the dimensions, currency and whether there is a rate
-- reads:   daily: the dimensions, own_currency, own_day, own_pico (in 1e-12 of the currency); rates
-- returns: (before it stand the dimensions) currency; amount in it; rated; whole and rest: what it is in the reporting
--          currency, in 1e-18 and further 1e-30 of it, as text; NULL where there is no rate
-- law:     nothing is rounded here: an amount has 12 places and a rate 18, so their product has 30
-- An amount is taken apart into whole units and the rest, so that no product needs more than 38 digits.
SELECT
  {names} own_currency AS currency,
  CAST(CAST(CAST(SUM(own_pico) AS VARCHAR) AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS amount,
  CASE WHEN rate_atto IS NULL THEN 0 ELSE 1 END AS rated,
  CAST(SUM(intDiv(own_pico, 1000000000000) * rate_atto + intDiv((own_pico % 1000000000000) * rate_atto, 1000000000000)) AS VARCHAR) AS whole,
  CAST(SUM(((own_pico % 1000000000000) * rate_atto) % 1000000000000) AS VARCHAR) AS rest
FROM daily
LEFT JOIN rates ON rate_day = own_day AND rate_currency = own_currency
GROUP BY {names} own_currency, rated
