-- owned: how many dollars have an owner, by dimension.
-- grain:   the columns of one select
-- reads:   nothing by itself: amount, state and the attribution of shares
-- returns: total, idle, unallocated; <dimension>_amount: the part that names one, in currency
  SUM(amount) AS total,
  SUM(CASE WHEN state = 'idle' THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS idle,
  SUM(CASE WHEN state = 'unallocated' THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS unallocated,
  SUM(CASE WHEN feature IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS feature_amount,
  SUM(CASE WHEN customer IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS customer_amount,
  SUM(CASE WHEN team IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS team_amount,
  SUM(CASE WHEN "user" IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS user_amount,
  SUM(CASE WHEN environment IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS environment_amount,
  SUM(CASE WHEN service IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS service_amount,
  SUM(CASE WHEN "release" IS NOT NULL THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS release_amount
