-- driver_larger: the larger of two drivers, for rules that split by what was asked for or what was used, whichever is more.
-- grain:   one row per span, part and attribution
-- reads:   driver
-- returns: the columns of driver
-- $one, $other: under which names the two were measured
SELECT
  run, month, $rule AS rule, whole_month, "day", currency, part, state, feature, customer, team, "user", environment, service,
  "release", model, MAX(weight) AS weight
FROM driver
WHERE run = $run AND rule IN ($one, $other) AND whole_month = $whole_month
GROUP BY run, month, whole_month, "day", currency, part, state, feature, customer, team, "user", environment, service, "release", model
