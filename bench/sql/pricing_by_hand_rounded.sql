-- pricing_by_hand_rounded: the same, each row rounded once at 1e-12.
SELECT SUM((u.input::HUGEINT * p.input_atto + u.cache_read::HUGEINT * p.cache_read_atto + u.output::HUGEINT * p.output_atto + 500000) // 1000000)
FROM usage AS u
JOIN price_by_hand AS p ON p.provider = u.provider AND p.model = u.model AND u.time >= p.valid_from AND u.time < p.valid_to
