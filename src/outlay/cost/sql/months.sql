-- months: the months in which something was billed or used, whether or not the events of that are still there.
-- grain:   one row per month
-- reads:   current_charge, current_usage, removal
-- returns: month (its first day)
SELECT CAST(date_trunc('month', CAST(found_day AS TIMESTAMP)) AS DATE) AS month
FROM (
  SELECT CAST(charge_period_start AS DATE) AS found_day FROM current_charge GROUP BY 1
  UNION ALL
  SELECT CAST(time AS DATE) AS found_day FROM current_usage GROUP BY 1
  UNION ALL
  SELECT month AS found_day FROM removal GROUP BY 1
) AS days
GROUP BY 1
ORDER BY 1
