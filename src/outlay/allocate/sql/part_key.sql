-- key: what a rule splits for each of, from the keys of a pool, joined to the text of part agreed.
-- grain:   the end of one expression
-- reads:   nothing by itself; wants keys
-- returns: a text that goes on behind it, empty for rules that name nothing
-- $key: which of the keys, from 1; 0 for none
|| '␟' || CASE WHEN $key = 0 THEN '' ELSE lower(splitByString('␟', keys)[GREATEST($key, 1)]) END
