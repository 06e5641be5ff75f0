-- worth_billed: what was billed for a period, in a reporting currency, by any column of a bill or tag.
-- grain:   one row per value of the dimensions, currency and whether there is a rate
-- reads:   standing_charge
-- returns: the dimensions; currency; amount in it; rated (1 or 0); whole and rest of 1e-18 and 1e-30 of the reporting currency
-- A charge longer than a day is cut into its days as the ledger does (see allocate/pool), so that both use the same rates.
WITH rates AS (
  {part exchange/rates}
), lines AS (
  SELECT
    {dimensions} billing_currency AS own_currency, CAST(charge_period_start AS DATE) AS first_day,
    GREATEST(1, dateDiff('day', CAST(charge_period_start AS DATE),
      LEAST(CAST(charge_period_end - INTERVAL 1 MICROSECOND AS DATE) + INTERVAL 1 DAY,
        CAST(date_trunc('month', charge_period_start) AS TIMESTAMP) + INTERVAL 1 MONTH))) AS days,
    toInt256(SUM(billed_cost) * 1000000000000) AS pico
  FROM standing_charge
  WHERE charge_period_start >= $starts_at AND charge_period_start < $ends_at{where}
  GROUP BY ALL
), daily AS (
  SELECT
    {names} own_currency, CAST(first_day + INTERVAL (k.place) DAY AS DATE) AS own_day,
    intDiv(pico * (k.place + 1), days) - intDiv(pico * k.place, days) AS own_pico
  FROM lines
  JOIN (SELECT CAST(unnest(range(0, 31)) AS BIGINT) AS place) AS k ON k.place < days
)
{part explain/worth}
