-- cell: what one range of pools of a pot gives to one range of its shares, in 1e-12, without sign.
-- grain:   one expression
-- reads:   nothing by itself; wants whole, pool_from, pool_to, share_from, share_to as whole numbers of 1e-12, whole above 0
-- returns: F(pool_to, share_to) - F(pool_from, share_to) - F(pool_to, share_from) + F(pool_from, share_from) with
--          F(a, b) = a * b / whole rounded down, so that cells add up to pools and to shares exactly, in any grouping
-- a * b is taken apart at 1e9, so that amounts up to 1e11 stay within 127 bits.
(intDiv(intDiv(pool_to, 1000000000) * share_to, whole) * 1000000000
  + intDiv(((intDiv(pool_to, 1000000000) * share_to) % whole) * 1000000000 + (pool_to % 1000000000) * share_to, whole))
- (intDiv(intDiv(pool_from, 1000000000) * share_to, whole) * 1000000000
  + intDiv(((intDiv(pool_from, 1000000000) * share_to) % whole) * 1000000000 + (pool_from % 1000000000) * share_to, whole))
- (intDiv(intDiv(pool_to, 1000000000) * share_from, whole) * 1000000000
  + intDiv(((intDiv(pool_to, 1000000000) * share_from) % whole) * 1000000000 + (pool_to % 1000000000) * share_from, whole))
+ (intDiv(intDiv(pool_from, 1000000000) * share_from, whole) * 1000000000
  + intDiv(((intDiv(pool_from, 1000000000) * share_from) % whole) * 1000000000 + (pool_from % 1000000000) * share_from, whole))
