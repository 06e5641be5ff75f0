-- lines_of: how many lines an import held.
-- grain:   one row
-- reads:   take_in
-- returns: lines
SELECT lines FROM take_in WHERE take_in = $take_in
