-- pot: pools of one rule that are not split yet, gathered with those that split alike.
-- grain:   one row per such pool; of a rule that splits by a driver, only pools that have one
-- reads:   pool, pot, driver
-- returns: the columns of pot
-- $driven: 1 to take only pools for which something was measured; $previous: 1 to look back to the last day that was.
-- Credits and what is billed are never in one pot. The order within a pot is by what the ledger is summed by.
WITH open_pools AS (
  SELECT
    *, CASE WHEN $whole_month > 0 THEN CAST($month AS DATE) ELSE "day" END AS own_day,
    CASE WHEN $method = 'proportional' THEN currency ELSE '' END AS driver_currency,
    CASE WHEN $in_provider = 1 THEN lower(CASE WHEN $method = 'proportional' THEN provider ELSE COALESCE(known_provider, '') END) ELSE '' END
      {part allocate/agreed} {part allocate/key} AS part
  FROM pool
  WHERE run = $run AND rule = $rule AND (passing = 'out') = ($side = 'out')
    AND pool NOT IN (SELECT pool FROM pot WHERE run = $run AND rule = $rule)
), found AS (
  SELECT o.pool AS found_pool, MAX(d.measured_day) AS measured_day
  FROM open_pools AS o
  JOIN (
    SELECT "day" AS measured_day, currency, part
    FROM driver
    WHERE run = $run AND rule = $rule AND whole_month = $whole_month
    GROUP BY "day", currency, part
  ) AS d ON d.part = o.part AND d.currency = o.driver_currency
  WHERE $driven = 1 AND CASE WHEN $previous = 1 THEN d.measured_day < o.own_day ELSE d.measured_day = o.own_day END
  GROUP BY o.pool
), numbered AS (
  SELECT
    o.*, f.measured_day AS measured_day,
    MIN(o.pool) OVER (PARTITION BY o."day", o.currency, o.amount < 0, o.part, f.measured_day, o.feature, o.customer, o.team, o."user", o.environment, o.service, o."release", o.model, o.passing) AS pot
  FROM open_pools AS o
  LEFT JOIN found AS f ON f.found_pool = o.pool
  WHERE $driven = 0 OR f.measured_day IS NOT NULL
)
SELECT
  run, month, "day", rule, pot, pool, currency, provider, sub_account_name, service_name, charge_category, keys, amount,
  COALESCE(SUM(abs(amount)) OVER (PARTITION BY pot ORDER BY provider, keys, service_name, charge_category, sub_account_name, pool
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), CAST(0 AS DECIMAL(38,12))) AS before,
  SUM(abs(amount)) OVER (PARTITION BY pot) AS whole,
  measured_day AS driver_day, $whole_month AS whole_month
FROM numbered
