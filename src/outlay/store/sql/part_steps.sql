-- steps: by how much marginal prices change what one row of usage `u` costs, from its vector's list `v.steps`.
-- grain:   one expression
-- reads:   nothing by itself
-- returns: the difference in 1e-18 of the currency
-- The quantities stand in the order of the token units, which the list counts them by.
list_sum(list_transform(CAST(v.steps AS BIGINT[][]), lambda step:
  toInt256(greatest([u.input, u.cache_read, u.cache_write_5m, u.cache_write_1h, u.cache_write, u.output, u.output_reasoning, u.output_rejected, u.input_audio, u.cache_read_audio, u.output_audio, u.input_image, u.output_image, u.input_video][step[1]] - step[2], 0)) * step[3]))
