-- control: what the file itself says it holds, read apart from what will land.
-- engine:  reader
-- grain:   one row per provider, billing account, billing period as written, currency and reason to leave lines out
-- reads:   incoming
-- returns: those five, the period in UTC; lines; control_total: sum of billed cost at 18 decimal places, unreadable
--          ones left out
SELECT
  provider, billing_account_id, instant_of(written) AS billing_period_start, billing_currency, skip, lines,
  control_total
FROM (
  SELECT
    provider, billing_account_id, billing_period_start AS written, billing_currency,
    CASE WHEN billed_cost IS NULL OR TRY_CAST(billed_cost AS DECIMAL(38,12)) IS NOT NULL THEN skip END AS skip,
    COUNT(*) AS lines,
    SUM(TRY_CAST(billed_cost AS DECIMAL(38,18))) AS control_total
  FROM incoming
  GROUP BY ALL
)
