-- whole_table: every row of a table or view.
-- grain:   one row per row of it
-- reads:   the table that is asked for
-- returns: its columns
SELECT *
FROM {table}
