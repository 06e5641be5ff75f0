-- worth_usage: usage times price of a period, in a reporting currency, by any dimensions of a day's roll-up.
-- grain:   one row per value of the dimensions, currency and whether there is a rate
-- reads:   rollup_day, current_run
-- returns: the dimensions; currency; amount in it; rated (1 or 0); whole and rest of 1e-18 and 1e-30 of the reporting currency
-- $measure: estimated_cost, failed_cost or unpriced_bound
WITH rates AS (
  {part exchange/rates}
), daily AS (
  SELECT
    {dimensions} currency AS own_currency, "day" AS own_day,
    toInt256(SUM(CASE WHEN $measure = 'failed_cost' THEN failed_cost WHEN $measure = 'unpriced_bound' THEN unpriced_bound
      ELSE estimated_cost END) * 1000000000000) AS own_pico
  FROM rollup_day
  WHERE run IN (SELECT run FROM current_run) AND {period}{where}
  GROUP BY ALL
)
{part explain/worth}
