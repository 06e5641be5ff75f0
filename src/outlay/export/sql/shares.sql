-- shares: the charges of a month, a row for every attribution that has a part of one.
-- grain:   one row per charge, rule, method, driver, state and attribution
-- reads:   current_charge, pool, assignment, apportioned
-- returns: which charge; first_day: its day as text; *_pico, *_femto: costs in 1e-12 and quantities in 1e-15, of the part, where the charge
--          says nothing of them those that it would have; ratio: the part of the charge, in 2^-60, from its days together; rule,
--          method, driver, state, attribution, model; part_reporting_pico: the part in the reporting currency, NULL without a rate
-- law:     parts of a charge sum to it exactly, in every column; parts of a share sum to it exactly
-- Charges of a pool lie side by side, and so do its shares; a part is where the two meet, cut by four corners, so that rows and
-- columns add up whatever a corner is rounded to. A part may be off its proportion by 1e-12 a corner. Parts of nothing are left
-- out, except one of a charge that is nothing itself.
-- $version: of the rules; $from_day, $to_day: days of the pools; $only_from, $only_to: days of the charges that are wanted; $long: 1 for charges of
-- several days, 0 for those of one; $rates: see exchange/rates
WITH rates AS (
  {part exchange/rates}
), kinds AS (
  {part export/kinds}
), placed AS (
  {part export/placed}
), marks AS (
  {part export/marks}
), placed_line AS (
  SELECT
    x.grp AS pool, x.pool_day AS pool_day, l.take_in AS take_in, l.file AS file, l.line AS line, l.part AS part, l.days AS days, l.billing_currency AS currency,
    l.signature AS signature, l.first_day AS first_day, l.billed AS whole_billed,
    CAST(dateDiff('day', l.first_day, x.pool_day) AS BIGINT) AS place, l.effective AS effective, l.listed AS listed, l.contracted AS contracted, l.net AS net, l.net_effective AS net_effective, l.priced AS priced, l.consumed AS consumed, l.is_nothing AS is_nothing
  FROM kinds AS l
  JOIN placed AS x
    ON x.signature = l.signature AND x.provider = l.provider AND x.currency = l.billing_currency
    AND x.charge_category = l.charge_category AND COALESCE(x.sub_account_name, '') = COALESCE(l.sub_account_name, '')
    AND COALESCE(x.service_name, '') = COALESCE(l.service_name, '')
  WHERE x.pool_day >= l.first_day AND dateDiff('day', l.first_day, x.pool_day) < l.days
), cut_line AS (
  SELECT pool, pool_day, take_in, file, line, part, first_day, is_nothing, days, currency, place, effective, listed, contracted, net, net_effective, priced, consumed, whole_billed AS pico
  FROM placed_line
  WHERE days = 1
  UNION ALL
  SELECT
    pool, pool_day, take_in, file, line, part, first_day, is_nothing, days, currency, place,
    intDiv(effective * (place + 1), days) - intDiv(effective * place, days) AS effective,
    intDiv(listed * (place + 1), days) - intDiv(listed * place, days) AS listed,
    intDiv(contracted * (place + 1), days) - intDiv(contracted * place, days) AS contracted,
    intDiv(net * (place + 1), days) - intDiv(net * place, days) AS net,
    intDiv(net_effective * (place + 1), days) - intDiv(net_effective * place, days) AS net_effective,
    intDiv(priced * (place + 1), days) - intDiv(priced * place, days) AS priced,
    intDiv(consumed * (place + 1), days) - intDiv(consumed * place, days) AS consumed,
    intDiv(running * (place + 1), days) - intDiv(running * place, days)
      - intDiv((running - whole_billed) * (place + 1), days) + intDiv((running - whole_billed) * place, days) AS pico
  FROM (
    SELECT
      *, SUM(whole_billed) OVER (
        PARTITION BY pool, signature, first_day, days ORDER BY take_in, file, line, part ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS running
    FROM placed_line
    WHERE days > 1
  ) AS long_line
), side_by_side AS (
  SELECT
    *, SUM(pico) OVER (PARTITION BY pool ORDER BY take_in, file, line, part ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto,
    ROW_NUMBER() OVER (PARTITION BY pool ORDER BY take_in DESC, file DESC, line DESC, part DESC) = 1 AS is_last
  FROM cut_line
), cell AS (
  SELECT
    c.take_in AS take_in, c.file AS file, c.line AS line, c.part AS part, c.first_day AS first_day, c.is_nothing AS is_nothing, c.pool_day AS pool_day, c.currency AS currency, c.days AS days,
    m.rule AS rule, m.method AS method, m.driver AS driver, m.state AS state, m.feature AS feature, m.customer AS customer, m.team AS team, m."user" AS "user", m.environment AS environment, m.service AS service, m."release" AS "release", m.model AS model,
    m.head AS head, to_mark - from_mark AS ratio,
    CASE WHEN c.is_last THEN m.to_pico - m.from_pico
      ELSE (bitShiftRight(bitShiftRight(c.upto, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.upto, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.upto, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.upto, toInt256(1099511627775)) * from_mark, 60)) END
      - (bitShiftRight(bitShiftRight((c.upto - c.pico), 40) * to_mark, 20) + bitShiftRight(bitAnd((c.upto - c.pico), toInt256(1099511627775)) * to_mark, 60)) + (bitShiftRight(bitShiftRight((c.upto - c.pico), 40) * from_mark, 20) + bitShiftRight(bitAnd((c.upto - c.pico), toInt256(1099511627775)) * from_mark, 60)) AS billed,
    (bitShiftRight(bitShiftRight(c.effective, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.effective, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.effective, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.effective, toInt256(1099511627775)) * from_mark, 60)) AS effective,
    (bitShiftRight(bitShiftRight(c.listed, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.listed, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.listed, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.listed, toInt256(1099511627775)) * from_mark, 60)) AS listed,
    (bitShiftRight(bitShiftRight(c.contracted, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.contracted, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.contracted, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.contracted, toInt256(1099511627775)) * from_mark, 60)) AS contracted,
    (bitShiftRight(bitShiftRight(c.net, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.net, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.net, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.net, toInt256(1099511627775)) * from_mark, 60)) AS net,
    (bitShiftRight(bitShiftRight(c.net_effective, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.net_effective, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.net_effective, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.net_effective, toInt256(1099511627775)) * from_mark, 60)) AS net_effective,
    (bitShiftRight(bitShiftRight(c.priced, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.priced, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.priced, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.priced, toInt256(1099511627775)) * from_mark, 60)) AS priced,
    (bitShiftRight(bitShiftRight(c.consumed, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.consumed, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.consumed, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.consumed, toInt256(1099511627775)) * from_mark, 60)) AS consumed
  FROM side_by_side AS c
  JOIN marks AS m ON m.pool = c.pool
  WHERE (c.days > 1) = ($long = 1)
), rated AS (
  SELECT
    *, CASE WHEN rate_atto IS NOT NULL THEN intDiv(billed, 1000000000000) * rate_atto + intDiv((billed % 1000000000000) * rate_atto, 1000000000000) END AS reporting_atto
  FROM cell
  LEFT JOIN rates ON rate_day = pool_day AND rate_currency = currency
), whole_share AS (
  SELECT take_in, file, line, part, first_day, is_nothing, rule, method, driver, state, feature, customer, team, "user", environment, service, "release", model, head, ratio, billed, effective, listed, contracted, net, net_effective, priced, consumed, reporting_atto
  FROM rated
  WHERE $long = 0
  UNION ALL
  SELECT
    take_in, file, line, part, first_day, is_nothing, rule, method, driver, state, feature, customer, team, "user", environment, service, "release", model, MAX(head) AS head, intDiv(SUM(ratio), MAX(days)) AS ratio, SUM(billed) AS billed,
    SUM(effective) AS effective, SUM(listed) AS listed, SUM(contracted) AS contracted, SUM(net) AS net, SUM(net_effective) AS net_effective, SUM(priced) AS priced, SUM(consumed) AS consumed,
    CASE WHEN COUNT(reporting_atto) = COUNT(*) THEN SUM(reporting_atto) END AS reporting_atto
  FROM rated
  WHERE $long = 1
  GROUP BY take_in, file, line, part, first_day, is_nothing, rule, method, driver, state, feature, customer, team, "user", environment, service, "release", model
)
SELECT
  take_in, file, line, part, CAST(first_day AS VARCHAR) AS first_day,
  toDecimal128(billed, 0) AS billed_pico, toDecimal128(effective, 0) AS effective_pico, toDecimal128(listed, 0) AS list_pico,
  toDecimal128(contracted, 0) AS contracted_pico, toDecimal128(net, 0) AS net_pico, toDecimal128(net_effective, 0) AS net_effective_pico,
  toDecimal128(priced, 0) AS pricing_femto, toDecimal128(consumed, 0) AS consumed_femto,
  CAST(ratio AS VARCHAR) AS ratio, rule, $version AS rule_version, method, driver, state, feature AS own_feature, customer AS own_customer,
  team AS own_team, "user" AS own_user, environment AS own_environment, service AS own_service, "release" AS own_release, model AS own_model,
  CASE WHEN reporting_atto IS NOT NULL THEN toDecimal128(intDiv(reporting_atto + CASE WHEN reporting_atto < 0 THEN -500000 ELSE 500000 END, 1000000), 0) END AS part_reporting_pico
FROM whole_share
WHERE first_day >= CAST($only_from AS DATE) AND first_day < CAST($only_to AS DATE)
  AND (billed <> 0 OR effective <> 0 OR listed <> 0 OR contracted <> 0 OR net <> 0 OR net_effective <> 0 OR priced <> 0 OR consumed <> 0
    OR head = 1 AND is_nothing = 1)
