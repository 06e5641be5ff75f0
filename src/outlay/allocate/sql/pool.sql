-- pool: a month's charges gathered by day, rule and what they say about who caused them.
-- grain:   one row per day, rule, currency, provider, sub account, service, charge category, keys and known attribution
-- reads:   current_charge, assignment
-- returns: the columns of pool; consumed_quantity to a millionth
-- law:     pools of a month sum to its charges exactly
-- A charge longer than a day is cut into its days (to the month's end): the k-th of n gets
-- trunc(amount * k / n) - trunc(amount * (k - 1) / n), so the days always add up to it.
WITH lines AS (
  SELECT
    {key} AS signature, billing_currency, provider, sub_account_name, service_name, charge_category,
    CAST(charge_period_start AS DATE) AS first_day,
    GREATEST(1, dateDiff('day', CAST(charge_period_start AS DATE),
      LEAST(CAST(charge_period_end - INTERVAL 1 MICROSECOND AS DATE) + INTERVAL 1 DAY, CAST($ends_at AS TIMESTAMP)))) AS days,
    COUNT(*) AS charges, SUM(billed_cost) AS amount,
    SUM(COALESCE(consumed_quantity, CAST(0 AS DECIMAL(38,15)))) AS consumed_quantity
  FROM current_charge
  WHERE charge_period_start >= $starts_at AND charge_period_start < $ends_at
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), daily AS (
  SELECT
    l.signature AS signature, l.billing_currency AS billing_currency, l.provider AS provider,
    l.sub_account_name AS sub_account_name, l.service_name AS service_name, l.charge_category AS charge_category,
    CAST(l.first_day + INTERVAL (k.place) DAY AS DATE) AS pool_day, l.charges AS charges,
    CASE WHEN l.days = 1 THEN toInt256(l.amount * 1000000000000)
      ELSE intDiv(toInt256(l.amount * 1000000000000) * (k.place + 1), l.days)
        - intDiv(toInt256(l.amount * 1000000000000) * k.place, l.days) END AS pico,
    intDiv(toInt256(floor(l.consumed_quantity * 1000000)) * (k.place + 1), l.days)
      - intDiv(toInt256(floor(l.consumed_quantity * 1000000)) * k.place, l.days) AS consumed_micro
  FROM lines AS l
  JOIN (SELECT CAST(unnest(range(0, 31)) AS BIGINT) AS place) AS k ON k.place < l.days
), gathered AS (
  SELECT
    d.pool_day AS pool_day, a.rule AS rule, d.billing_currency AS currency, d.provider AS provider,
    d.sub_account_name AS sub_account_name, d.service_name AS service_name, d.charge_category AS charge_category,
    a.feature AS feature, a.customer AS customer, a.team AS team, a."user" AS "user", a.environment AS environment, a.service AS service, a."release" AS "release",
    a.known_provider AS known_provider, a.model AS model, a.keys AS keys,
    SUM(d.charges) AS charges, SUM(d.consumed_micro) AS consumed_micro, SUM(d.pico) AS pico
  FROM daily AS d
  JOIN assignment AS a ON a.run = $run AND a.signature = d.signature
  GROUP BY 1, 2, 3, 4, 5, 6, 7, a.feature, a.customer, a.team, a."user", a.environment, a.service, a."release", a.known_provider, a.model, a.keys
)
SELECT
  $run AS run, CAST($month AS DATE) AS month, pool_day AS "day",
  ROW_NUMBER() OVER (ORDER BY pool_day, rule, currency, provider, sub_account_name, service_name, charge_category,
    feature, customer, team, "user", environment, service, "release", known_provider, model, keys) AS pool,
  rule, currency, provider, sub_account_name, service_name, charge_category, feature, customer, team, "user", environment, service, "release", known_provider, model,
  charges,
  CAST(CAST(CAST(consumed_micro AS VARCHAR) AS DECIMAL(32,0)) * CAST('0.000001' AS DECIMAL(6,6)) AS DECIMAL(38,15)) AS consumed_quantity,
  CAST(CAST(CAST(pico AS VARCHAR) AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS amount,
  keys, '' AS passing
FROM gathered
