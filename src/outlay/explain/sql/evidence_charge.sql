-- evidence_charge: the charges behind some pools of a run, each with the part that falls on the pool's day.
-- grain:   one row per pool and charge, dearest first within a pool, at most $most each
-- reads:   current_charge, assignment, pool, source_file
-- returns: pool; take_in, file, file_name, line; what the line says; billed_cost and part in its currency; charges and
--          whole: how many lines the pool has and what their parts sum to
-- law:     the parts sum to the pool's amount exactly, as long as no later import changed the charges
-- Lines are cut into days together (see allocate/pool); a line's part is what it adds to the running sum, so nothing is lost.
WITH wanted AS (
  SELECT *
  FROM pool
  WHERE run = $run AND $pools LIKE '%,' || CAST(pool AS VARCHAR) || ',%'
), line_of AS (
  SELECT
    {key} AS signature, take_in, file, line, provider, billing_currency, sub_account_name, service_name, charge_category,
    charge_period_start, charge_period_end, charge_description, resource_id, billed_cost,
    CAST(charge_period_start AS DATE) AS first_day,
    GREATEST(1, dateDiff('day', CAST(charge_period_start AS DATE),
      LEAST(CAST(charge_period_end - INTERVAL 1 MICROSECOND AS DATE) + INTERVAL 1 DAY, CAST($ends_at AS TIMESTAMP)))) AS days
  FROM current_charge
  WHERE charge_period_start >= $starts_at AND charge_period_start < $ends_at
), found AS (
  SELECT
    p.pool AS pool, l.take_in AS take_in, l.file AS file, l.line AS line, l.charge_period_start AS charge_period_start,
    l.charge_period_end AS charge_period_end, l.charge_description AS charge_description, l.resource_id AS resource_id,
    l.billed_cost AS billed_cost, l.days AS days, dateDiff('day', l.first_day, p."day") AS place,
    SUM(toInt256(l.billed_cost * 1000000000000)) OVER (
      PARTITION BY p.pool, l.signature, l.first_day, l.days ORDER BY l.take_in, l.file, l.line ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS running,
    toInt256(l.billed_cost * 1000000000000) AS own
  FROM wanted AS p
  JOIN assignment AS a
    ON a.run = $run AND a.rule = p.rule
    AND COALESCE(a.feature, '') = COALESCE(p.feature, '') AND COALESCE(a.customer, '') = COALESCE(p.customer, '')
    AND COALESCE(a.team, '') = COALESCE(p.team, '') AND COALESCE(a."user", '') = COALESCE(p."user", '')
    AND COALESCE(a.environment, '') = COALESCE(p.environment, '') AND COALESCE(a.service, '') = COALESCE(p.service, '')
    AND COALESCE(a."release", '') = COALESCE(p."release", '') AND COALESCE(a.model, '') = COALESCE(p.model, '')
    AND COALESCE(a.known_provider, '') = COALESCE(p.known_provider, '')
  JOIN line_of AS l
    ON l.signature = a.signature AND l.provider = p.provider AND l.billing_currency = p.currency
    AND l.charge_category = p.charge_category
    AND l.sub_account_name IS NOT DISTINCT FROM p.sub_account_name AND l.service_name IS NOT DISTINCT FROM p.service_name
  WHERE p."day" >= l.first_day AND dateDiff('day', l.first_day, p."day") < l.days
), cut AS (
  SELECT
    *,
    CASE WHEN days = 1 THEN own ELSE
      intDiv(running * (place + 1), days) - intDiv(running * place, days)
      - intDiv((running - own) * (place + 1), days) + intDiv((running - own) * place, days) END AS pico
  FROM found
), ranked AS (
  SELECT
    *,
    COUNT(*) OVER (PARTITION BY pool) AS charges, SUM(pico) OVER (PARTITION BY pool) AS whole_pico,
    ROW_NUMBER() OVER (PARTITION BY pool ORDER BY abs(pico) DESC, take_in, file, line) AS turn
  FROM cut
)
SELECT
  r.pool AS pool, r.take_in AS take_in, r.file AS file, f.name AS file_name, r.line AS line,
  r.charge_period_start AS charge_period_start, r.charge_period_end AS charge_period_end,
  r.charge_description AS charge_description, r.resource_id AS resource_id, r.billed_cost AS billed_cost,
  CAST(CAST(CAST(r.pico AS VARCHAR) AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS part,
  r.charges AS charges,
  CAST(CAST(CAST(r.whole_pico AS VARCHAR) AS DECIMAL(38,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS whole
FROM ranked AS r
LEFT JOIN source_file AS f ON f.take_in = r.take_in AND f.file = r.file
WHERE r.turn <= $most
ORDER BY pool, r.turn
