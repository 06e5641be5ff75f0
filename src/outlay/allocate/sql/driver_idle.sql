-- driver_idle: the capacity that nobody used, beside what was measured for one rule.
-- grain:   one row per span and part
-- reads:   driver, pool, pot
-- returns: the columns of driver, state idle
-- Capacity that nobody used on a day is idle, all of it.
-- $capacity: units of the driver per consumed unit; $in_*, $key, $whole_month: as in driver_usage and part key
SELECT
  $run AS run, CAST($month AS DATE) AS month, $rule AS rule, $whole_month AS whole_month, held_day AS "day", '' AS currency,
  part, 'idle' AS state, CAST(NULL AS VARCHAR) AS feature, CAST(NULL AS VARCHAR) AS customer, CAST(NULL AS VARCHAR) AS team, CAST(NULL AS VARCHAR) AS "user", CAST(NULL AS VARCHAR) AS environment, CAST(NULL AS VARCHAR) AS service, CAST(NULL AS VARCHAR) AS "release", CAST(NULL AS VARCHAR) AS model, CAST(weight AS BIGINT) AS weight
FROM (
  SELECT h.held_day AS held_day, h.part AS part, h.capacity - COALESCE(used.weight, toInt256(0)) AS weight
  FROM (
    SELECT
      CASE WHEN $whole_month > 0 THEN CAST($month AS DATE) ELSE "day" END AS held_day,
      CASE WHEN $in_provider = 1 THEN lower(COALESCE(known_provider, '')) ELSE '' END
        {part allocate/agreed} {part allocate/key} AS part,
      SUM(toInt256(floor(consumed_quantity * 1000)) * $capacity) AS capacity
    FROM pool
    WHERE run = $run AND rule = $rule AND pool NOT IN (SELECT pool FROM pot WHERE run = $run AND rule = $rule)
    GROUP BY 1, 2
  ) AS h
  LEFT JOIN (
    SELECT "day" AS used_day, part, SUM(toInt256(weight)) AS weight
    FROM driver
    WHERE run = $run AND rule = $rule AND whole_month = $whole_month
    GROUP BY 1, 2
  ) AS used ON used.used_day = h.held_day AND used.part = h.part
) AS idle
WHERE weight > 0
