-- control: what the file itself says it holds, read apart from what will land.
-- engine:  reader
-- grain:   one row per provider, billing account, billing period as written, and currency
-- reads:   incoming
-- returns: those four, the period in UTC; lines; control_total: sum of billed cost at 18 decimal places, unreadable
--          ones left out
SELECT
  provider, billing_account_id, instant_of(written) AS billing_period_start, billing_currency, lines, control_total
FROM (
  SELECT
    provider, billing_account_id, billing_period_start AS written, billing_currency,
    COUNT(*) AS lines,
    SUM(TRY_CAST(billed_cost AS DECIMAL(38,18))) AS control_total
  FROM incoming
  GROUP BY ALL
)
