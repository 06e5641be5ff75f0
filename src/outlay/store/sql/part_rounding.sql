-- rounding: token_atto as whole units of 1e-12 of the currency, half up.
-- grain:   one expression
-- reads:   nothing by itself
-- returns: the amount
-- Dividing wide numbers is what takes long, so what fits into 64 bits (9 of the currency) is divided there.
CASE WHEN token_atto < 9000000000000000000 THEN toInt256(intDiv(CAST(token_atto AS BIGINT) + 500000, 1000000))
  ELSE intDiv(token_atto + 500000, 1000000) END
