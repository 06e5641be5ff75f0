-- months_of: the months that the rows of an import are about, as far as a ledger is made of them.
-- grain:   one row per month
-- reads:   charge, usage, metric
-- returns: month (its first day)
SELECT DISTINCT CAST(date_trunc('month', d.since) AS DATE) AS month
FROM (
  SELECT c.charge_period_start AS since FROM charge AS c WHERE c.take_in = $take_in
  UNION ALL
  SELECT u.time AS since FROM usage AS u WHERE u.take_in = $take_in
  UNION ALL
  SELECT m.starts_at AS since FROM metric AS m WHERE m.take_in = $take_in
) AS d
ORDER BY month
