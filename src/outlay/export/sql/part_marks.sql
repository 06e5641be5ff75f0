-- marks: the shares of pools side by side, each from one mark to the next.
-- grain:   one row per pool and attribution
-- reads:   apportioned, pool
-- returns: pool (the group's, see part placed); who has it and how; head: 1 for the first; from_mark, to_mark: from where to where on a scale of 2^60; from_pico, to_pico: the same
--          in 1e-12 of the currency
-- law:     the marks of a pool begin at 0 and end at 2^60
-- $with_*: the dimensions that are told apart; shares that differ in others only are taken together.
-- A pool of nothing is marked by weight, since its charges need not be nothing.
SELECT
  pool, rule, method, driver, state, feature, customer, team, "user", environment, service, "release", model, upto - pico AS from_pico, upto AS to_pico, CASE WHEN number = 1 THEN 1 ELSE 0 END AS head,
  CASE WHEN whole = 0 THEN CASE WHEN number = 1 THEN toInt256(0) ELSE intDiv((weight_upto - weight) * 1152921504606846976, weight_whole) END
    WHEN number = 1 THEN toInt256(0)
    WHEN abs(whole) < 100000000000000000000 THEN intDiv((upto - pico) * 1152921504606846976, whole)
    ELSE intDiv(intDiv(upto - pico, 1000000) * 1152921504606846976, intDiv(whole, 1000000)) END AS from_mark,
  CASE WHEN number = shares THEN toInt256(1152921504606846976)
    WHEN whole = 0 THEN intDiv(weight_upto * 1152921504606846976, weight_whole)
    WHEN abs(whole) < 100000000000000000000 THEN intDiv(upto * 1152921504606846976, whole)
    ELSE intDiv(intDiv(upto, 1000000) * 1152921504606846976, intDiv(whole, 1000000)) END AS to_mark
FROM (
  SELECT
    *, COUNT(*) OVER (PARTITION BY pool) AS shares, SUM(pico) OVER (PARTITION BY pool) AS whole,
    GREATEST(SUM(weight) OVER (PARTITION BY pool), toInt256(1)) AS weight_whole,
    SUM(pico) OVER (PARTITION BY pool ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto,
    SUM(weight) OVER (PARTITION BY pool ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS weight_upto
  FROM (
    SELECT
      *, ROW_NUMBER() OVER (PARTITION BY pool ORDER BY state, method, driver, feature, customer, team, "user", environment, service, "release", model) AS number
    FROM (
      SELECT
        pool, rule, method, driver, state,
        CASE WHEN $with_feature = 1 THEN feature END AS feature,
        CASE WHEN $with_customer = 1 THEN customer END AS customer,
        CASE WHEN $with_team = 1 THEN team END AS team,
        CASE WHEN $with_user = 1 THEN "user" END AS "user",
        CASE WHEN $with_environment = 1 THEN environment END AS environment,
        CASE WHEN $with_service = 1 THEN service END AS service,
        CASE WHEN $with_release = 1 THEN "release" END AS "release",
        CASE WHEN $with_model = 1 THEN model END AS model,
        SUM(toInt256(weight)) AS weight, SUM(toInt256(amount * 1000000000000)) AS pico
      FROM (
        SELECT
          g.grp AS pool, CASE WHEN g.is_mixed = 1 THEN '' ELSE s.rule END AS rule,
          CASE WHEN g.is_mixed = 1 THEN 'passed on' ELSE s.method END AS method,
          CASE WHEN g.is_mixed = 1 THEN '' ELSE s.driver END AS driver, s.state AS state, s.feature AS feature, s.customer AS customer, s.team AS team, s."user" AS "user", s.environment AS environment, s.service AS service, s."release" AS "release", s.model AS model, s.weight AS weight, s.amount AS amount
        FROM apportioned AS s
        JOIN (
          {part export/groups}
        ) AS g ON g.pool = s.pool
        WHERE s.run = $run AND s."day" >= CAST($from_day AS DATE) AND s."day" < CAST($to_day AS DATE)
      ) AS given
      GROUP BY ALL
    ) AS wanted
  ) AS numbered
) AS summed
