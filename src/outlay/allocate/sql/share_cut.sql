-- share_cut: the same as share_driver, where those too small to have a share are cut off.
-- grain:   one row per pot and attribution
-- reads:   pool, pot, driver, share
-- returns: the columns of share
-- law:     shares of a pot sum to it exactly: largest remainder at 1e-12, ties to the smaller attribution; a
--          negative pot splits like its absolute value
WITH {part allocate/targets}{part allocate/cut}, {part allocate/split}
