-- as_saved: what was saved, as it is.
-- engine:  reader
-- grain:   one row per row of saved
-- reads:   saved
-- returns: its columns
SELECT *
FROM saved
