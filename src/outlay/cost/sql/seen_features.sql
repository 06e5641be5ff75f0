-- seen_features: what events tell of in a month, by feature and by the prices that held.
-- grain:   one row per feature, provider, model, context, environment, vector, unit that is not a token, and currency
-- reads:   estimate
-- returns: those, absent ones as empty text; attempts; tokens by unit; quantity of the unit; estimated in currency
-- law:     each call once; what was refused or never sent is not there
SELECT
  feature, {part cost/seen}
FROM estimate
WHERE run = $run AND state NOT IN ('refused', 'not_sent')
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
