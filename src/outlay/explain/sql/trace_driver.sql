-- trace_driver: the rows of the driver behind the shares of some pots.
-- grain:   one row per pot and row of driver
-- reads:   pot, pool, driver
-- returns: pot; driver_day; whole_month: 0 for the day's driver, 1 for the month's, 2 when everyone counts alike, 3 for
--          the month's before; part; state;
--          the attribution that the driver fills in; weight
-- $in_*, $key: as in allocate/pot; $pots: numbers between commas; $feature, $customer, $team: only rows of these, empty for all
SELECT
  w.pool AS pot, d."day" AS driver_day, d.whole_month AS whole_month, d.part AS part, d.state AS state, d.feature AS feature,
  d.customer AS customer, d.team AS team, d."user" AS "user", d.environment AS environment, d.service AS service,
  d."release" AS "release", d.model AS model, d.weight AS weight
FROM (
  SELECT
    pool, CASE WHEN $method = 'proportional' THEN currency ELSE '' END AS driver_currency,
    CASE WHEN $in_provider = 1 THEN lower(CASE WHEN $method = 'proportional' THEN provider ELSE COALESCE(known_provider, '') END) ELSE '' END
      {part allocate/agreed} {part allocate/key} AS part
  FROM pool
  WHERE run = $run AND rule = $rule AND $pots LIKE '%,' || CAST(pool AS VARCHAR) || ',%'
) AS w
JOIN pot AS q ON q.run = $run AND q.rule = $rule AND q.pot = w.pool AND q.pool = w.pool
JOIN driver AS d
  ON d.run = $run AND d.rule = $rule AND d.whole_month = q.whole_month AND d.part = w.part AND d."day" = q.driver_day
  AND d.currency = w.driver_currency
WHERE ($feature = '' OR COALESCE(d.feature, $feature) = $feature)
  AND ($customer = '' OR COALESCE(d.customer, $customer) = $customer)
  AND ($team = '' OR COALESCE(d.team, $team) = $team)
ORDER BY pot, weight DESC, state, feature, customer, team, "user", environment, service, "release", model
LIMIT 10000
