-- sensitivity_measured: what a driver measures in all, and for those whose cost is asked for.
-- grain:   one row per day and part
-- reads:   rollup_day
-- returns: day; part; whole: the driver of all; named: of those asked for; absent: of rows that name nobody there
-- $driver, $unit: which driver; $in_*: as in allocate/driver_usage; $feature, $customer, $team: who is asked for, empty for
-- a dimension that is not asked about or that the rule does not fill in
SELECT
  "day", part, SUM(weight) AS whole,
  SUM(CASE WHEN ($feature = '' OR feature = $feature) AND ($customer = '' OR customer = $customer) AND ($team = '' OR team = $team) THEN weight ELSE toInt256(0) END) AS named,
  SUM(CASE WHEN ($feature = '' OR feature IS NULL) AND ($customer = '' OR customer IS NULL) AND ($team = '' OR team IS NULL) THEN weight ELSE toInt256(0) END) AS absent
FROM (
  SELECT
    "day", feature, customer, team,
    CASE WHEN $in_provider = 1 THEN lower(COALESCE(provider, '')) ELSE '' END {part allocate/agreed} || '␟' AS part,
    {part allocate/weighed} AS weight
  FROM rollup_day
  WHERE run = $run
) AS weighed
WHERE weight > 0
GROUP BY "day", part
ORDER BY "day", part
