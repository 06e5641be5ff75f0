-- conservation: a month's charges against the sum of its shares.
-- grain:   one row per provider and currency
-- reads:   current_charge, share, pot
-- returns: the columns of conservation
-- law:     allocated + idle + unallocated = billed
WITH bill AS (
  SELECT provider, billing_currency AS currency, SUM(billed_cost) AS billed
  FROM current_charge
  WHERE charge_period_start >= $starts_at AND charge_period_start < $ends_at
  GROUP BY provider, billing_currency
), ranges AS (
  SELECT pool, rule, currency, state, MIN(provider) AS own_provider, SUM(amount) AS amount, MIN(before) AS before
  FROM share
  WHERE run = $run
  GROUP BY pool, rule, currency, state
), pools AS (
  SELECT rule, pot, provider, MIN(before) AS before, SUM(abs(amount)) AS size, MAX(whole) AS whole, MIN(amount) < 0 AS is_credit
  FROM pot
  WHERE run = $run
  GROUP BY rule, pot, provider
), met AS (
  SELECT
    COALESCE(p.provider, r.own_provider) AS provider, r.currency AS currency, r.state AS state, r.amount AS amount,
    p.rule IS NULL OR p.size = p.whole AS alone, COALESCE(p.is_credit, false) AS is_credit,
    GREATEST(toInt256(COALESCE(p.whole, CAST(0 AS DECIMAL(38,12))) * 1000000000000), toInt256(1)) AS whole,
    toInt256(COALESCE(p.before, CAST(0 AS DECIMAL(38,12))) * 1000000000000) AS pool_from,
    toInt256((COALESCE(p.before, CAST(0 AS DECIMAL(38,12))) + COALESCE(p.size, CAST(0 AS DECIMAL(38,12)))) * 1000000000000) AS pool_to,
    toInt256(r.before * 1000000000000) AS share_from,
    toInt256((r.before + abs(r.amount)) * 1000000000000) AS share_to
  FROM ranges AS r
  LEFT JOIN pools AS p ON p.rule = r.rule AND p.pot = r.pool
), cells AS (
  SELECT
    provider, currency, state,
    CASE
      WHEN alone THEN amount
      ELSE CAST(CAST(CAST(({part store/cell}) * CASE WHEN is_credit THEN -1 ELSE 1 END AS VARCHAR) AS DECIMAL(38,0))
        * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12))
    END AS amount
  FROM met
), given AS (
  SELECT
    provider, currency,
    SUM(CASE WHEN state = 'allocated' THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS allocated,
    SUM(CASE WHEN state = 'idle' THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS idle,
    SUM(CASE WHEN state = 'unallocated' THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS unallocated
  FROM cells
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
