-- trace: every event of one trace, session, call or id, with what it cost.
-- grain:   one row per event and unit
-- $since, $until: their first and last instant (see trace_span), so that only those days are looked at
-- reads:   estimate
-- returns: time, id, trace, span, provider, model, operation, who caused it, state, error, attempt, tokens, unit, quantity,
--          currency, amount, unpriced_quantity, price_model, vector, run, take_in, file, line
SELECT
  time, id, trace, span, session, "call", provider, model, operation, feature, customer, team, "user", environment, service,
  "release", state, error, attempt, tokens, unit, quantity, currency, amount, unpriced_quantity, price_model, reason, vector,
  run, take_in, file, line
FROM estimate
WHERE run = $run AND time >= $since AND time <= $until{where}
ORDER BY time, id, unit
