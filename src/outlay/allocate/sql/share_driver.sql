-- share_driver: the pots of one rule split by what was measured for it.
-- grain:   one row per pot and attribution
-- reads:   pool, pot, driver, share
-- returns: the columns of share
-- law:     shares of a pot sum to it exactly: largest remainder at 1e-12, ties to the smaller attribution; a
--          negative pot splits like its absolute value
WITH {part allocate/targets}, kept AS (
  SELECT * FROM target
), {part allocate/split}
