-- newest_day: the newest day that the rows of an import are about, where they are about days.
-- grain:   one row
-- reads:   partition, usage, metric
-- returns: newest_day (absent for none)
SELECT MAX(d.newest_day) AS newest_day
FROM (
  SELECT p.last_day AS newest_day FROM "partition" AS p WHERE p.take_in = $take_in
  UNION ALL
  SELECT CAST(u.time AS DATE) AS newest_day FROM usage AS u WHERE u.take_in = $take_in
  UNION ALL
  SELECT CAST(m.ends_at - INTERVAL 1 SECOND AS DATE) AS newest_day FROM metric AS m WHERE m.take_in = $take_in
) AS d
