-- driver_cost: what is allocated already, for the pools of a rule that follows it.
-- grain:   one row per span, currency, provider (where it counts) and attribution
-- reads:   share
-- returns: the columns of driver; weight: allocated cost in 1e-9 of the currency
-- $in_provider: follow only costs of the same provider; $to_*: dimensions that those costs fill in; $whole_month: follow
-- the month instead of the day. Attributions whose cost is not positive are not followed.
SELECT
  $run AS run, CAST($month AS DATE) AS month, $rule AS rule, $whole_month AS whole_month, driver_day AS "day", currency, part,
  'allocated' AS state, feature, customer, team, "user", environment, service, "release", model, CAST(weight AS BIGINT) AS weight
FROM (
  SELECT
    CASE WHEN $whole_month = 1 THEN CAST($month AS DATE) ELSE "day" END AS driver_day, currency,
    CASE WHEN $in_provider = 1 THEN lower(provider) ELSE '' END || '␟␟␟␟␟␟␟␟' AS part,
    CASE WHEN $to_feature = 1 THEN feature END AS feature,
    CASE WHEN $to_customer = 1 THEN customer END AS customer,
    CASE WHEN $to_team = 1 THEN team END AS team,
    CASE WHEN $to_user = 1 THEN "user" END AS "user",
    CASE WHEN $to_environment = 1 THEN environment END AS environment,
    CASE WHEN $to_service = 1 THEN service END AS service,
    CASE WHEN $to_release = 1 THEN "release" END AS "release",
    CASE WHEN $to_model = 1 THEN model END AS model,
    intDiv(toInt256(SUM(amount) * 1000000000000), 1000) AS weight
  FROM share
  WHERE run = $run AND state = 'allocated' AND method <> 'proportional'
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
) AS followed
WHERE weight > 0
