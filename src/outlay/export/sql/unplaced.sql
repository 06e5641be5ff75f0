-- unplaced: where a month's charges no longer are what its ledger was made of.
-- grain:   one row
-- reads:   current_charge, pool, assignment
-- returns: charges: how many are in no pool for one of their days; pools: how many differ from the sum of their charges
-- $from_day, $to_day: the month
WITH kinds AS (
  {part export/kinds}
), placed AS (
  {part export/placed}
), gathered AS (
  SELECT signature, provider, billing_currency, sub_account_name, service_name, charge_category, first_day, days, COUNT(*) AS charges, SUM(billed) AS billed
  FROM kinds
  GROUP BY ALL
), daily AS (
  SELECT
    l.*, CAST(l.first_day + INTERVAL (k.place) DAY AS DATE) AS own_day,
    CASE WHEN l.days = 1 THEN l.billed ELSE intDiv(l.billed * (k.place + 1), l.days) - intDiv(l.billed * k.place, l.days) END AS pico
  FROM gathered AS l
  JOIN (SELECT CAST(unnest(range(0, 31)) AS BIGINT) AS place) AS k ON k.place < l.days
), found AS (
  SELECT x.pool AS pool, SUM(l.pico) AS pico, SUM(CASE WHEN x.pool IS NULL THEN l.charges ELSE 0 END) AS charges
  FROM daily AS l
  LEFT JOIN placed AS x
    ON x.pool_day = l.own_day AND x.signature = l.signature AND x.provider = l.provider AND x.currency = l.billing_currency
    AND x.charge_category = l.charge_category AND COALESCE(x.sub_account_name, '') = COALESCE(l.sub_account_name, '')
    AND COALESCE(x.service_name, '') = COALESCE(l.service_name, '')
  GROUP BY x.pool
)
SELECT
  COALESCE((SELECT SUM(charges) FROM found), 0) AS charges,
  (SELECT COUNT(*)
   FROM (SELECT pool, toInt256(amount * 1000000000000) AS pico FROM pool WHERE run = $run AND passing = '') AS p
   FULL JOIN (SELECT pool, pico FROM found WHERE pool IS NOT NULL) AS f ON f.pool = p.pool
   WHERE COALESCE(p.pico, toInt256(0)) <> COALESCE(f.pico, toInt256(0))) AS pools
