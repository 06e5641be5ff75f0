-- billed_lines: what AI providers billed in a month, gathered by what tells which usage it pays for.
-- grain:   one row per provider, day, days, currency, category, class, account, resource, meter, description and units
-- reads:   current_charge, rollup_day
-- returns: those; cost in bill_currency; lines; consumed and priced in unit_consumed and unit_priced, where is_consumed and
--          is_priced are 1
WITH {part cost/compared}
SELECT {part cost/bill_line}
FROM current_charge AS c
LEFT JOIN names AS n ON n.provider_key = lower(c.provider)
WHERE c.charge_period_start >= $starts_at AND c.charge_period_start < $ends_at
  AND (COALESCE(c.service_category, '') = 'AI and Machine Learning' OR c.provider IN (SELECT provider FROM whole))
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
