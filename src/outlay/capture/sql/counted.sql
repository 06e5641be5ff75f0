-- counted: how many events of an import arrived, and how many were taken.
-- grain:   one row
-- reads:   arrival, usage
-- returns: arrived, landed
SELECT
  (SELECT COUNT(DISTINCT file * 1099511627776 + line) FROM arrival WHERE take_in = $take_in) AS arrived,
  (SELECT COUNT(DISTINCT file * 1099511627776 + line) FROM "usage" WHERE take_in = $take_in) AS landed
