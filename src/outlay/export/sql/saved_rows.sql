-- saved_rows: how many rows were saved.
-- engine:  reader
-- grain:   one row
-- reads:   saved
-- returns: rows
SELECT COUNT(*) AS rows
FROM saved
