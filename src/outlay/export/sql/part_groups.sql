-- groups: the pools of some days, and with which others they are shared out.
-- grain:   one row per pool
-- reads:   pool
-- returns: the columns of pool; is_mixed: 1 where a rule passes on what others gave; grp: see part placed
SELECT
  *, CASE WHEN is_mixed = 1 THEN MIN(pool) OVER (PARTITION BY "day", currency, provider, sub_account_name, service_name, charge_category, keys)
    ELSE pool END AS grp
FROM (
  SELECT
    *, MAX(CASE WHEN passing = '' THEN 0 ELSE 1 END)
      OVER (PARTITION BY "day", currency, provider, sub_account_name, service_name, charge_category, keys) AS is_mixed
  FROM pool
  WHERE run = $run AND "day" >= CAST($from_day AS DATE) AND "day" < CAST($to_day AS DATE)
) AS looked_at
