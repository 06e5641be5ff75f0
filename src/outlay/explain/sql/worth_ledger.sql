-- worth_ledger: what the ledger says a period cost, in a reporting currency, by any dimensions that the table asked keeps.
-- grain:   one row per value of the dimensions, currency and whether there is a rate
-- reads:   share or rollup_ledger; current_run
-- returns: the dimensions; currency; amount in it; rated (1 or 0); whole and rest of 1e-18 and 1e-30 of the reporting currency
WITH rates AS (
  {part exchange/rates}
), daily AS (
  SELECT {dimensions} currency AS own_currency, "day" AS own_day, toInt256(SUM(amount) * 1000000000000) AS own_pico
  FROM {table}
  WHERE run IN (SELECT run FROM current_run) AND {period}{where}
  GROUP BY ALL
)
{part explain/worth}
