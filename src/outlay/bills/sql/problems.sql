-- problems: the lines of an import that could not be taken in.
-- grain:   one row per bad line
-- reads:   problem
-- returns: file, line, code, column_name, value, amount in currency, fix; the first $most
SELECT file, line, code, column_name, value, amount, currency, fix
FROM problem
WHERE take_in = $take_in
ORDER BY file, line
LIMIT $most
