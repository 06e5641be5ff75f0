-- current_closing: the months that are closed.
-- grain:   one row per month
-- reads:   closing
-- returns: the columns of closing, of the newest decision about the month
SELECT newest.*
FROM (
  SELECT *
  FROM closing
  QUALIFY ROW_NUMBER() OVER (PARTITION BY month ORDER BY decided_at DESC, closed) = 1
) AS newest
WHERE newest.closed
