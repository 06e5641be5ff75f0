-- users: the users whose usage costs most in a period.
-- grain:   one row per user, customer and currency, dearest first, at most $most
-- reads:   rollup_day or rollup_user_month; current_run
-- returns: user, customer; currency; amount (usage times price) in it; calls, attempts, failures; tokens; units of other
--          kinds; failed_cost; unpriced_quantity, unpriced_bound; total: what everybody's usage costs in that currency;
--          users: how many there are
-- The dearest are found by amount alone; the rest is summed for them only.
WITH found AS (
  SELECT "user", customer, currency, SUM(estimated_cost) AS amount
  FROM {table}
  WHERE run IN (SELECT run FROM current_run) AND {period}{where}
  GROUP BY "user", customer, currency
), summed AS (
  SELECT currency, SUM(amount) AS total FROM found GROUP BY currency
), counted AS (
  SELECT COUNT(DISTINCT "user") AS users FROM found
), dearest AS (
  SELECT "user", customer, currency, amount
  FROM found
  WHERE "user" IS NOT NULL
  ORDER BY amount DESC, "user", customer, currency
  LIMIT $most
), detail AS (
  SELECT
    "user", COALESCE(customer, '') AS customer_key, currency, SUM(calls) AS calls, SUM(attempts) AS attempts,
    SUM(failures) AS failures, SUM(tokens) AS tokens, SUM(quantity) AS units, SUM(failed_cost) AS failed_cost,
    SUM(unpriced_quantity) AS unpriced_quantity, SUM(unpriced_bound) AS unpriced_bound
  FROM {table}
  WHERE run IN (SELECT run FROM current_run) AND {period}{where} AND "user" IN (SELECT "user" FROM dearest)
  GROUP BY 1, 2, 3
)
SELECT
  d."user" AS "user", d.customer AS customer, d.currency AS currency, d.amount AS amount, t.calls AS calls,
  t.attempts AS attempts, t.failures AS failures, t.tokens AS tokens, t.units AS units, t.failed_cost AS failed_cost,
  t.unpriced_quantity AS unpriced_quantity, t.unpriced_bound AS unpriced_bound, s.total AS total, c.users AS users
FROM dearest AS d
JOIN detail AS t ON t."user" = d."user" AND t.customer_key = COALESCE(d.customer, '') AND t.currency = d.currency
JOIN summed AS s ON s.currency = d.currency
CROSS JOIN counted AS c
ORDER BY amount DESC, "user", customer, currency
