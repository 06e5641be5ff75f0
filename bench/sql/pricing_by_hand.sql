-- pricing_by_hand: the prices in use as a person would lay them out: one row per model and period.
CREATE OR REPLACE TEMP TABLE price_by_hand AS
SELECT DISTINCT provider, model, valid_from, valid_to, input_atto, cache_read_atto, output_atto FROM price_vector WHERE context = '' AND unit = '' AND size_from = 0
