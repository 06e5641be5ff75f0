-- replayed: what the usage of one published run did cost by estimate, of which a replay changes something.
-- grain:   one row per value of the dimensions, context, other unit and currency of the prices
-- reads:   estimate
-- returns: the dimensions; context, unit_name (empty for none), priced_in (the currency); calls, attempts; amount in it; unpriced_quantity:
--          tokens and units without a price, unpriced_attempts: attempts that have some; tokens;
--          quantity: of the other unit, what was refused or never sent not counted
WITH used AS (
  SELECT *, CAST(time AS DATE) AS "day"
  FROM estimate
  WHERE run = $run AND time >= $starts_at AND time < $ends_at
)
SELECT
  {dimensions} context, COALESCE(unit, '') AS unit_name, currency AS priced_in,
  SUM(CASE WHEN attempt = 1 THEN 1 ELSE 0 END) AS calls, COUNT(*) AS attempts,
  SUM(amount) AS amount, SUM(unpriced_quantity) AS unpriced_quantity,
  SUM(CASE WHEN unpriced_quantity > 0 THEN 1 ELSE 0 END) AS unpriced_attempts, SUM(tokens) AS tokens,
  SUM(CASE WHEN state IN ('refused', 'not_sent') THEN CAST(0 AS DECIMAL(38,15)) ELSE quantity END) AS quantity
FROM used
WHERE 1 = 1{where}
GROUP BY ALL
ORDER BY {names} context, unit_name, priced_in
