-- parts_naming: what pools and usage had to agree on, where a text is part of it.
-- grain:   one row per row of driver, in no order
-- reads:   driver
-- returns: the columns of driver
SELECT *
FROM driver
WHERE POSITION($text IN part) > 0
