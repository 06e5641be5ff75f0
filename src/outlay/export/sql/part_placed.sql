-- placed: which pool the charges of a day and kind are in, and with which others they are shared out.
-- grain:   one row per signature, provider, currency, sub account, service, charge category and day
-- reads:   pool, assignment
-- returns: those, pool, and grp: the pools that are shared out as one, named by the first of them
-- Where a rule takes what others gave and passes it on, it takes from all pools of a day, account, service, category and keys
-- alike, so these are one group; every other pool is a group of its own.
-- $from_day, $to_day: the days of the pools
SELECT
  a.signature AS signature, p.provider AS provider, p.currency AS currency, p.sub_account_name AS sub_account_name,
  p.service_name AS service_name, p.charge_category AS charge_category, p."day" AS pool_day, p.pool AS pool, p.grp AS grp
FROM (
  {part export/groups}
) AS p
JOIN assignment AS a
  ON a.rule = p.rule AND a.keys = p.keys
  AND COALESCE(a.feature, '') = COALESCE(p.feature, '') AND COALESCE(a.customer, '') = COALESCE(p.customer, '')
  AND COALESCE(a.team, '') = COALESCE(p.team, '') AND COALESCE(a."user", '') = COALESCE(p."user", '')
  AND COALESCE(a.environment, '') = COALESCE(p.environment, '') AND COALESCE(a.service, '') = COALESCE(p.service, '')
  AND COALESCE(a."release", '') = COALESCE(p."release", '') AND COALESCE(a.model, '') = COALESCE(p.model, '')
  AND COALESCE(a.known_provider, '') = COALESCE(p.known_provider, '')
WHERE a.run = $run AND p.passing = ''
