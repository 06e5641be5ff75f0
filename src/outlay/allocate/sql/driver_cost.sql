-- driver_cost: what is allocated already, for the pools of a rule that follows it.
-- grain:   one row per span, currency, part and attribution
-- reads:   share
-- returns: the columns of driver; weight: allocated cost in 1e-9 of the currency
-- $in_*: what followed costs must agree on with the pool; $to_*: dimensions that those costs
-- fill in; $whole_month: as in driver_usage; $followed: names of the rules whose shares are followed, between unit
-- separators, empty for all that are not proportional themselves; $passing: 1 to follow those too.
-- $base, $kept: another run, of whose shares those of some rules stand in for this run's own; empty for none.
-- Attributions whose cost is not positive are not followed.
SELECT
  $run AS run, CAST($month AS DATE) AS month, $measured AS rule, $whole_month AS whole_month, driver_day AS "day", currency, part,
  'allocated' AS state, feature, customer, team, "user", environment, service, "release", model,
  CASE WHEN $whole_month = 2 THEN 1 ELSE CAST(weight AS BIGINT) END AS weight
FROM (
  SELECT
    CASE WHEN $whole_month > 0 THEN CAST($month AS DATE) ELSE "day" END AS driver_day, currency,
    '' {part allocate/agreed} || '␟' AS part,
    {part allocate/filled},
    intDiv(toInt256(SUM(amount) * 1000000000000), 1000) AS weight
  FROM share
  WHERE (run = $run OR run = $base AND POSITION('␟' || rule || '␟' IN $kept) > 0) AND state = 'allocated'
    AND CASE WHEN $followed <> '' THEN POSITION('␟' || rule || '␟' IN $followed) > 0 ELSE method <> 'proportional' OR $passing = 1 END
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
) AS followed
WHERE weight > 0 AND {part allocate/open}
