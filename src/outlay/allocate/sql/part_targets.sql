-- targets: to whom a driver gives the pots of one rule, and how much they weigh.
-- grain:   the beginning of a query: common tables, of which `target` has a row per pot and attribution, several where what
--          is measured apart becomes the same by what the pot says
-- reads:   pool, pot, driver, share
-- returns: pool, state, to_<dimension>, whole: the pot in 1e-12, weight
-- $drop_*: dimensions that a rule takes shares by, which those it passes them on to do not inherit
pots AS (
  SELECT
    p.pool AS pool, p.part AS part, q.driver_day AS driver_day, p.driver_currency AS driver_currency,
    p.feature AS feature, p.customer AS customer, p.team AS team, p."user" AS "user", p.environment AS environment, p.service AS service, p."release" AS "release", p.model AS model,
    toInt256(q.whole * 1000000000000) AS whole
  FROM (
    SELECT
      *, CASE WHEN $method = 'proportional' THEN currency ELSE '' END AS driver_currency,
      CASE WHEN $in_provider = 1 THEN lower(CASE WHEN $method = 'proportional' THEN provider ELSE COALESCE(known_provider, '') END) ELSE '' END
        {part allocate/agreed} {part allocate/key} AS part
    FROM pool
    WHERE run = $run AND rule = $rule
  ) AS p
  JOIN pot AS q ON q.run = $run AND q.rule = $rule AND q.pot = p.pool AND q.pool = p.pool
  WHERE q.whole_month = $whole_month AND p.pool NOT IN (SELECT pool FROM share WHERE run = $run AND rule = $rule)
), target AS (
  SELECT
    p.pool AS pool, d.state AS state,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.feature, CASE WHEN $drop_feature = 0 THEN p.feature END) ELSE p.feature END AS to_feature,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.customer, CASE WHEN $drop_customer = 0 THEN p.customer END) ELSE p.customer END AS to_customer,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.team, CASE WHEN $drop_team = 0 THEN p.team END) ELSE p.team END AS to_team,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d."user", CASE WHEN $drop_user = 0 THEN p."user" END) ELSE p."user" END AS to_user,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.environment, CASE WHEN $drop_environment = 0 THEN p.environment END) ELSE p.environment END AS to_environment,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.service, CASE WHEN $drop_service = 0 THEN p.service END) ELSE p.service END AS to_service,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d."release", CASE WHEN $drop_release = 0 THEN p."release" END) ELSE p."release" END AS to_release,
    CASE WHEN d.state = 'allocated' THEN COALESCE(d.model, CASE WHEN $drop_model = 0 THEN p.model END) ELSE p.model END AS to_model,
    p.whole AS whole, toInt256(d.weight) AS weight
  FROM pots AS p
  JOIN driver AS d
    ON d.run = $run AND d.rule = $rule AND d.whole_month = $whole_month
    AND d.part = p.part AND d."day" = p.driver_day AND d.currency = p.driver_currency
)
