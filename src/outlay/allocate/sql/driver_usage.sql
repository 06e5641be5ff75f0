-- driver_usage: what usage measures for the pools of one rule.
-- grain:   one row per span, part and attribution
-- reads:   rollup_day
-- returns: the columns of driver; weight: the driver in its own unit (estimated_cost in 1e-9 of the currency, duration in
--          milliseconds, other quantities in thousandths), or 1 for everyone where all count alike
-- $in_*: dimensions on which usage must agree with what the pool says; $to_*: dimensions that usage fills in;
-- $rolled_run: the run whose roll-up it is, empty for its own;
-- $whole_month: 0 for the day's usage, 1 for the month's, 2 for everyone whom the month's usage names, 3 for the usage of
-- the month before, whose run is $rolled_run.
SELECT
  $run AS run, CAST($month AS DATE) AS month, $measured AS rule, $whole_month AS whole_month, driver_day AS "day", '' AS currency,
  part, 'allocated' AS state, feature, customer, team, "user", environment, service, "release", model,
  CASE WHEN $whole_month = 2 THEN 1 ELSE CAST(weight AS BIGINT) END AS weight
FROM (
  SELECT
    CASE WHEN $whole_month > 0 THEN CAST($month AS DATE) ELSE "day" END AS driver_day,
    CASE WHEN $in_provider = 1 THEN lower(COALESCE(provider, '')) ELSE '' END
      {part allocate/agreed} || '␟' AS part,
    {part allocate/filled},
    SUM({part allocate/weighed}) AS weight
  FROM rollup_day
  WHERE run = CASE WHEN $rolled_run = '' THEN $run ELSE $rolled_run END
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
) AS measured
WHERE (weight > 0 OR $whole_month = 2) AND {part allocate/open}
