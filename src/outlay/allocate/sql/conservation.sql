-- conservation: a month's charges against the sum of its shares.
-- grain:   one row per provider and currency
-- reads:   current_charge, share
-- returns: the columns of conservation
-- law:     allocated + idle + unallocated = billed
WITH bill AS (
  SELECT provider, billing_currency AS currency, SUM(billed_cost) AS billed
  FROM current_charge
  WHERE charge_period_start >= $starts_at AND charge_period_start < $ends_at
  GROUP BY provider, billing_currency
), given AS (
  SELECT
    provider, currency,
    SUM(CASE WHEN state = 'allocated' THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS allocated,
    SUM(CASE WHEN state = 'idle' THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS idle,
    SUM(CASE WHEN state = 'unallocated' THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS unallocated
  FROM share
  WHERE run = $run
  GROUP BY provider, currency
)
SELECT
  $run AS run, CAST($month AS DATE) AS month,
  COALESCE(b.provider, g.provider) AS provider, COALESCE(b.currency, g.currency) AS currency,
  COALESCE(b.billed, CAST(0 AS DECIMAL(38,12))) AS billed,
  COALESCE(g.allocated, CAST(0 AS DECIMAL(38,12))) AS allocated,
  COALESCE(g.idle, CAST(0 AS DECIMAL(38,12))) AS idle,
  COALESCE(g.unallocated, CAST(0 AS DECIMAL(38,12))) AS unallocated
FROM bill AS b
FULL JOIN given AS g ON g.provider = b.provider AND g.currency = b.currency
