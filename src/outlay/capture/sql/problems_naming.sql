-- problems_naming: what stood in lines that could not be taken in, where a text is part of it.
-- grain:   one row per different value
-- reads:   problem
-- returns: value
SELECT DISTINCT value
FROM problem
WHERE POSITION($text IN value) > 0
ORDER BY value
