-- driver_metric: what a metric measures for the pools of one rule.
-- grain:   one row per span, part and attribution
-- reads:   current_metric
-- returns: the columns of driver; weight: the metric in thousandths
-- A metric of a longer period counts on each of its days: spread over them where it adds up (requests), whole where it does
-- not (stored bytes, active users: there its mean over the day, by the time that each row is about).
-- What a source measured as idle (the service `__idle__`) is idle, and nobody's.
-- $in_*, $to_*, $whole_month: as in driver_usage; metrics know no provider and no model. $measured_from, $measured_to: the
-- month that is measured.
SELECT
  $run AS run, CAST($month AS DATE) AS month, $measured AS rule, $whole_month AS whole_month, driver_day AS "day", '' AS currency,
  part, kept_by AS state, feature, customer, team, "user", environment, service, "release", model,
  CASE WHEN $whole_month = 2 THEN 1 ELSE CAST(weight AS BIGINT) END AS weight
FROM (
  SELECT
    CASE WHEN $whole_month > 0 THEN CAST($month AS DATE) ELSE metric_day END AS driver_day,
    '' {part allocate/agreed} || '␟' AS part,
    kept_by,
    {part allocate/filled},
    SUM(intDiv(toInt256(floor(quantity * 1000)) * overlap, CASE WHEN adds_up THEN length ELSE toInt256(86400) END)) AS weight
  FROM (
    SELECT
      m.feature AS feature, m.customer AS customer, m.team AS team, m."user" AS "user", m.environment AS environment,
      CASE WHEN m.service = '__idle__' THEN CAST(NULL AS VARCHAR) ELSE m.service END AS service,
      CASE WHEN m.service = '__idle__' THEN 'idle' ELSE 'allocated' END AS kept_by, m."release" AS "release", CAST(NULL AS VARCHAR) AS model, m.quantity AS quantity, m.adds_up AS adds_up,
      d.metric_day AS metric_day,
      toInt256(dateDiff('second', GREATEST(m.starts_at, CAST(d.metric_day AS TIMESTAMP)), LEAST(m.ends_at, CAST(d.metric_day AS TIMESTAMP) + INTERVAL 1 DAY))) AS overlap,
      GREATEST(toInt256(dateDiff('second', m.starts_at, m.ends_at)), toInt256(1)) AS length
    FROM current_metric AS m
    CROSS JOIN (
      SELECT CAST(CAST($measured_from AS DATE) + INTERVAL (place) DAY AS DATE) AS metric_day
      FROM (SELECT CAST(unnest(range(0, 31)) AS BIGINT) AS place) AS places
    ) AS d
    WHERE m.metric = $metric AND d.metric_day < CAST($measured_to AS DATE)
      AND m.starts_at < CAST(d.metric_day AS TIMESTAMP) + INTERVAL 1 DAY AND m.ends_at > CAST(d.metric_day AS TIMESTAMP)
  ) AS daily
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
) AS measured
WHERE (weight > 0 AND $whole_month <> 2 OR $whole_month = 2 AND kept_by = 'allocated') AND {part allocate/open}
