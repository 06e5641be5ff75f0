-- form_long: the same attempts, a row for each unit that is not zero.
-- grain:   one row per attempt and unit
CREATE TABLE long AS
SELECT id, "time", provider, model, feature, customer, unit, CAST(quantity AS DECIMAL(38,15)) AS quantity
FROM (
  SELECT i AS id, at_time AS "time", provider, model, feature, customer,
    unnest(['input', 'cache_read', 'output', 'output_reasoning', 'page']) AS unit,
    unnest([fresh, cached, answer, reasoned, pages]) AS quantity
  FROM attempt
)
WHERE quantity > 0
