-- planned_cost: the estimates that were stored for features, each model of each.
-- grain:   one row per estimate and model
-- reads:   planned_cost
-- returns: the columns of planned_cost; amounts in currency, requests a month, tokens per request
-- $feature: one feature, or the empty text for all.
SELECT
  estimate, place, feature, made_at, price_day, provider, model, context, users, days, requests, currency, monthly, low80,
  high80, per_request, per_user, tokens, definition
FROM planned_cost
WHERE $feature = '' OR feature = $feature
ORDER BY feature, made_at DESC, estimate, place
