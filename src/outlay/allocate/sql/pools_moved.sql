-- pools_moved: the rules whose pools are not the same in two runs.
-- grain:   one row per rule
-- reads:   pool
-- returns: rule
-- $base: the other run
SELECT rule
FROM (
  SELECT rule
  FROM pool
  WHERE run IN ($run, $base) AND passing = ''
  GROUP BY "day", rule, currency, provider, sub_account_name, service_name, charge_category, feature, customer, team, "user", environment,
    service, "release", known_provider, model, keys, consumed_quantity, amount
  HAVING SUM(CASE WHEN run = $run THEN 1 ELSE -1 END) <> 0
) AS differing
GROUP BY rule
ORDER BY rule
