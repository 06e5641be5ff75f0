-- refused_by_request: values for which an import refused lines only because it was asked to.
-- grain:   one row per code and value
-- reads:   problem
-- returns: code (other-period or wrong-currency), value as it stood in the file
SELECT DISTINCT code, value
FROM problem
WHERE take_in = $take_in AND code IN ('other-period', 'wrong-currency')
ORDER BY code, value
