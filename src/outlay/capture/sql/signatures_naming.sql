-- signatures_naming: combinations of bill columns that rules looked at, where a text is part of one.
-- grain:   one row per run and combination
-- reads:   assignment
-- returns: the columns of assignment
SELECT *
FROM assignment
WHERE POSITION($text IN signature) > 0
ORDER BY run, signature
