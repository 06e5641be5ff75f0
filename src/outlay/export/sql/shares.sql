-- shares: the charges of a month, a row for every attribution that has a part of one.
-- grain:   one row per charge, rule, method, driver, state and attribution
-- reads:   current_charge, pool, assignment, apportioned
-- returns: the columns of a charge; *_pico, *_femto: its costs in 1e-12 and quantities in 1e-15, of the part; cut: 1 when others have the rest; whole_cost: what
--          the whole charge was billed; ratio: the part of the charge, in 2^-60, from its days together; rule, method, driver, state,
--          attribution, model; reporting: the part in the reporting currency, NULL without a rate
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
    x.grp AS pool, x.pool_day AS pool_day, l.take_in AS take_in, l.file AS file, l.line AS line, l.days AS days, l.billing_currency AS currency,
    l.signature AS signature, l.first_day AS first_day, l.billed AS whole_billed,
    CAST(dateDiff('day', l.first_day, x.pool_day) AS BIGINT) AS place, l.effective AS effective, l.listed AS listed, l.contracted AS contracted, l.priced AS priced, l.consumed AS consumed
  FROM kinds AS l
  JOIN placed AS x
    ON x.signature = l.signature AND x.provider = l.provider AND x.currency = l.billing_currency
    AND x.charge_category = l.charge_category AND COALESCE(x.sub_account_name, '') = COALESCE(l.sub_account_name, '')
    AND COALESCE(x.service_name, '') = COALESCE(l.service_name, '')
  WHERE x.pool_day >= l.first_day AND dateDiff('day', l.first_day, x.pool_day) < l.days
), cut_line AS (
  SELECT pool, pool_day, take_in, file, line, days, currency, place, effective, listed, contracted, priced, consumed, whole_billed AS pico
  FROM placed_line
  WHERE days = 1
  UNION ALL
  SELECT
    pool, pool_day, take_in, file, line, days, currency, place,
    intDiv(effective * (place + 1), days) - intDiv(effective * place, days) AS effective,
    intDiv(listed * (place + 1), days) - intDiv(listed * place, days) AS listed,
    intDiv(contracted * (place + 1), days) - intDiv(contracted * place, days) AS contracted,
    intDiv(priced * (place + 1), days) - intDiv(priced * place, days) AS priced,
    intDiv(consumed * (place + 1), days) - intDiv(consumed * place, days) AS consumed,
    intDiv(running * (place + 1), days) - intDiv(running * place, days)
      - intDiv((running - whole_billed) * (place + 1), days) + intDiv((running - whole_billed) * place, days) AS pico
  FROM (
    SELECT
      *, SUM(whole_billed) OVER (
        PARTITION BY pool, signature, first_day, days ORDER BY take_in, file, line ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS running
    FROM placed_line
    WHERE days > 1
  ) AS long_line
), side_by_side AS (
  SELECT
    *, SUM(pico) OVER (PARTITION BY pool ORDER BY take_in, file, line ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto,
    ROW_NUMBER() OVER (PARTITION BY pool ORDER BY take_in DESC, file DESC, line DESC) = 1 AS is_last
  FROM cut_line
), cell AS (
  SELECT
    c.take_in AS take_in, c.file AS file, c.line AS line, c.pool_day AS pool_day, c.currency AS currency, c.days AS days,
    m.rule AS rule, m.method AS method, m.driver AS driver, m.state AS state, m.feature AS feature, m.customer AS customer, m.team AS team, m."user" AS "user", m.environment AS environment, m.service AS service, m."release" AS "release", m.model AS model,
    m.head AS head, to_mark - from_mark AS ratio,
    CASE WHEN c.is_last THEN m.to_pico - m.from_pico
      ELSE (bitShiftRight(bitShiftRight(c.upto, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.upto, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.upto, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.upto, toInt256(1099511627775)) * from_mark, 60)) END
      - (bitShiftRight(bitShiftRight((c.upto - c.pico), 40) * to_mark, 20) + bitShiftRight(bitAnd((c.upto - c.pico), toInt256(1099511627775)) * to_mark, 60)) + (bitShiftRight(bitShiftRight((c.upto - c.pico), 40) * from_mark, 20) + bitShiftRight(bitAnd((c.upto - c.pico), toInt256(1099511627775)) * from_mark, 60)) AS billed,
    (bitShiftRight(bitShiftRight(c.effective, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.effective, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.effective, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.effective, toInt256(1099511627775)) * from_mark, 60)) AS effective,
    (bitShiftRight(bitShiftRight(c.listed, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.listed, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.listed, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.listed, toInt256(1099511627775)) * from_mark, 60)) AS listed,
    (bitShiftRight(bitShiftRight(c.contracted, 40) * to_mark, 20) + bitShiftRight(bitAnd(c.contracted, toInt256(1099511627775)) * to_mark, 60)) - (bitShiftRight(bitShiftRight(c.contracted, 40) * from_mark, 20) + bitShiftRight(bitAnd(c.contracted, toInt256(1099511627775)) * from_mark, 60)) AS contracted,
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
  SELECT take_in, file, line, rule, method, driver, state, feature, customer, team, "user", environment, service, "release", model, head, ratio, billed, effective, listed, contracted, priced, consumed, reporting_atto
  FROM rated
  WHERE $long = 0
  UNION ALL
  SELECT
    take_in, file, line, rule, method, driver, state, feature, customer, team, "user", environment, service, "release", model, MAX(head) AS head, intDiv(SUM(ratio), MAX(days)) AS ratio, SUM(billed) AS billed,
    SUM(effective) AS effective, SUM(listed) AS listed, SUM(contracted) AS contracted, SUM(priced) AS priced, SUM(consumed) AS consumed,
    CASE WHEN COUNT(reporting_atto) = COUNT(*) THEN SUM(reporting_atto) END AS reporting_atto
  FROM rated
  WHERE $long = 1
  GROUP BY take_in, file, line, rule, method, driver, state, feature, customer, team, "user", environment, service, "release", model
)
SELECT
  c.take_in AS take_in, c.file AS file, c.line AS line, c.provider AS provider, c.publisher_name AS publisher_name, c.invoice_issuer_name AS invoice_issuer_name, c.invoice_id AS invoice_id, c.billing_account_id AS billing_account_id, c.billing_account_name AS billing_account_name, c.sub_account_id AS sub_account_id, c.sub_account_name AS sub_account_name, c.billing_currency AS billing_currency, c.billing_period_start AS billing_period_start, c.billing_period_end AS billing_period_end, c.charge_period_start AS charge_period_start, c.charge_period_end AS charge_period_end, c.charge_category AS charge_category, c.charge_class AS charge_class, c.charge_frequency AS charge_frequency, c.charge_description AS charge_description, c.list_unit_price AS list_unit_price, c.contracted_unit_price AS contracted_unit_price, c.pricing_category AS pricing_category, c.pricing_unit AS pricing_unit, c.consumed_unit AS consumed_unit, c.service_category AS service_category, c.service_subcategory AS service_subcategory, c.service_name AS service_name, c.sku_id AS sku_id, c.sku_meter AS sku_meter, c.sku_price_id AS sku_price_id, c.resource_id AS resource_id, c.resource_name AS resource_name, c.resource_type AS resource_type, c.region_id AS region_id, c.region_name AS region_name, c.availability_zone AS availability_zone, c.commitment_discount_id AS commitment_discount_id, c.commitment_discount_name AS commitment_discount_name, c.commitment_discount_category AS commitment_discount_category, c.commitment_discount_type AS commitment_discount_type, c.commitment_discount_status AS commitment_discount_status, c.tags AS tags, c.extra AS extra,
  c.billed_cost AS whole_cost,
  toDecimal128(s.billed, 0) AS billed_pico,
  CASE WHEN c.effective_cost IS NOT NULL THEN toDecimal128(s.effective, 0) END AS effective_pico,
  CASE WHEN c.list_cost IS NOT NULL THEN toDecimal128(s.listed, 0) END AS list_pico,
  CASE WHEN c.contracted_cost IS NOT NULL THEN toDecimal128(s.contracted, 0) END AS contracted_pico,
  CASE WHEN c.pricing_quantity IS NOT NULL THEN toDecimal128(s.priced, 0) END AS pricing_femto,
  CASE WHEN c.consumed_quantity IS NOT NULL THEN toDecimal128(s.consumed, 0) END AS consumed_femto,
  CAST(s.ratio AS VARCHAR) AS ratio, s.rule AS rule, $version AS rule_version, s.method AS method, s.driver AS driver, s.state AS state,
  s.feature AS own_feature, s.customer AS own_customer, s.team AS own_team, s."user" AS own_user, s.environment AS own_environment, s.service AS own_service, s."release" AS own_release, s.model AS own_model,
  CASE WHEN s.reporting_atto IS NOT NULL THEN toDecimal128(intDiv(s.reporting_atto + CASE WHEN s.reporting_atto < 0 THEN -500000 ELSE 500000 END, 1000000), 0) END AS reporting_pico
FROM whole_share AS s
JOIN current_charge AS c ON c.take_in = s.take_in AND c.file = s.file AND c.line = s.line
WHERE c.charge_period_start >= $only_from AND c.charge_period_start < $only_to
  AND (s.billed <> 0 OR s.effective <> 0 OR s.listed <> 0 OR s.contracted <> 0 OR s.priced <> 0 OR s.consumed <> 0 
    OR s.head = 1 AND c.billed_cost = 0 AND COALESCE(c.effective_cost, c.billed_cost) = 0 AND COALESCE(c.list_cost, c.billed_cost) = 0
      AND COALESCE(c.contracted_cost, c.billed_cost) = 0 AND COALESCE(c.pricing_quantity, CAST(0 AS DECIMAL(38,15))) = 0
      AND COALESCE(c.consumed_quantity, CAST(0 AS DECIMAL(38,15))) = 0)
