-- rates: the exchange rates that were worked out for an answer, taken out of one text.
-- grain:   one row per day and currency
-- reads:   nothing by itself
-- returns: rate_day, rate_currency, rate_atto: how much of the reporting currency one of it is, in 1e-18
-- $rates:  `day,currency,rate in 1e-18`, joined by `;` (see exchange.rates.as_text)
SELECT
  CAST(splitByChar(',', entry)[1] AS DATE) AS rate_day, splitByChar(',', entry)[2] AS rate_currency,
  toInt256(splitByChar(',', entry)[3]) AS rate_atto
FROM (SELECT unnest(splitByChar(';', $rates)) AS entry) AS entries
