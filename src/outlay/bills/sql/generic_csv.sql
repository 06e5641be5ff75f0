-- generic_csv: lines of any table that a mapping describes, as charges.
-- engine:  reader
-- grain:   one row per line of the file
-- reads:   written, with the maps named and begun (tags) and cells (columns that rules look at); setting(...): what the
--          mapping says of numbers, times, categories, constants and lines to leave out
-- returns: line and the columns of a charge as text; tags, extra as maps; skip; refuse, refused
-- law:     a number or time that does not stand as the mapping says is a problem; it is never guessed
-- Times are local to the mapping's zone until the end, so that a day that is included ends with its own midnight.
WITH cleaned AS (
  SELECT
    * EXCLUDE (extra),
    map_concat(extra, COALESCE(cells, MAP {})) AS others,
    list_transform(
      [billed_cost, effective_cost, list_cost, contracted_cost, list_unit_price, contracted_unit_price, pricing_quantity, consumed_quantity],
      lambda x: NULLIF(trim(regexp_replace(x, setting('symbols'), '', 'g')), '')) AS texts,
    [charge_period_start, charge_period_end, billing_period_start, billing_period_end] AS said,
    COALESCE(charge_category, setting('charge_category')) AS category_said
  FROM written
),
signed AS (
  SELECT
    *,
    list_transform(texts, lambda x: CASE
      WHEN setting('parentheses') = 'yes' AND regexp_full_match(x, '\(.*\)') THEN '-' || trim(substr(x, 2, length(x) - 2))
      WHEN setting('trailing') = 'yes' AND regexp_full_match(x, '.+[-−]') THEN '-' || trim(substr(x, 1, length(x) - 1))
      WHEN setting('credit') = 'yes' AND regexp_full_match(upper(x), '.+CR\.?') THEN '-' || trim(regexp_replace(upper(x), 'CR\.?$', ''))
      WHEN starts_with(x, '−') OR starts_with(x, '-') THEN '-' || trim(substr(x, 2))
      WHEN starts_with(x, '+') THEN trim(substr(x, 2))
      ELSE x
    END) AS marked,
    list_transform(said, lambda x: CASE setting('time')
      WHEN 'unix_s' THEN timezone(setting('zone'), CAST(TRY(make_timestamp(CAST(TRY_CAST(x AS DECIMAL(30,6)) * 1000000 AS BIGINT))) AS TIMESTAMPTZ))
      WHEN 'unix_ms' THEN timezone(setting('zone'), CAST(TRY(make_timestamp(CAST(TRY_CAST(x AS DECIMAL(30,3)) * 1000 AS BIGINT))) AS TIMESTAMPTZ))
      WHEN 'iso' THEN CASE
        WHEN length(x) > 10 AND regexp_matches(x, '(Z|[+-][0-9]{2}(:?[0-9]{2})?)$') THEN timezone(setting('zone'), TRY_CAST(x AS TIMESTAMPTZ))
        ELSE TRY_CAST(x AS TIMESTAMP) END
      ELSE try_strptime(trim(x), string_split(setting('formats'), chr(31)))
    END) AS clocks
  FROM cleaned
),
valued AS (
  SELECT
    *,
    list_transform(marked, lambda x: CASE
      WHEN regexp_full_match(x, setting('number')) THEN replace(regexp_replace(x, setting('thousands'), '', 'g'), setting('decimal'), '.')
    END) AS numbers,
    [clocks[1], CASE
      WHEN said[2] IS NULL THEN clocks[1] + CASE setting('length') WHEN 'hour' THEN INTERVAL 1 HOUR WHEN 'month' THEN INTERVAL 1 MONTH ELSE INTERVAL 1 DAY END
      WHEN setting('end') <> 'included' THEN clocks[2]
      WHEN date_trunc('day', clocks[2]) = clocks[2] THEN clocks[2] + INTERVAL 1 DAY
      ELSE clocks[2] + INTERVAL 1 SECOND END] AS locals,
    COALESCE(clocks[3], CASE WHEN said[3] IS NULL THEN date_trunc('month', clocks[1]) END) AS month_first,
    CASE WHEN setting('end') = 'included' THEN clocks[4] + INTERVAL 1 DAY ELSE clocks[4] END AS month_last,
    CAST(CAST(setting('categories') AS JSON) AS MAP(VARCHAR, VARCHAR))[category_said] AS category_mapped,
    CAST(CAST(setting('categories') AS JSON) AS MAP(VARCHAR, VARCHAR))['*'] AS category_else,
    TRY_CAST(TRY_CAST(tags AS JSON) AS MAP(VARCHAR, VARCHAR)) AS own_tags
  FROM signed
),
judged AS (
  SELECT
    *,
    CASE
      WHEN len(list_filter(list_concat(texts, said), lambda x: x IS NOT NULL)) = 0 AND cardinality(others) = 0
        AND COALESCE(category_said, setting('charge_category'), charge_description, service_name, resource_id, tags) IS NULL THEN 'empty-line'
      WHEN len(list_filter(from_json(setting('where'), '[{"column":"VARCHAR","value":"VARCHAR"}]'),
        lambda r: COALESCE(trim(cells[r."column"]), '') <> r."value")) > 0 THEN 'not-where'
      ELSE list_filter(from_json(setting('skip'), '[{"reason":"VARCHAR","tests":[{"column":"VARCHAR","pattern":"VARCHAR"}]}]'),
        lambda s: len(list_filter(s.tests, lambda t: NOT regexp_full_match(COALESCE(trim(cells[t."column"]), ''), t.pattern))) = 0)[1].reason
    END AS left_out,
    list_filter(range(1, 9), lambda i: texts[i] IS NOT NULL AND numbers[i] IS NULL)[1] AS bad_number,
    list_filter(range(1, 5), lambda i: said[i] IS NOT NULL AND clocks[i] IS NULL)[1] AS bad_time,
    COALESCE(category_mapped, CASE WHEN category_said IN ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment') THEN category_said END, category_else, CASE WHEN category_said IS NULL THEN 'Usage' END) AS category
  FROM valued
)
SELECT
  line,
  COALESCE(provider, setting('provider')) AS provider,
  COALESCE(publisher_name, setting('publisher_name')) AS publisher_name,
  COALESCE(invoice_issuer_name, setting('invoice_issuer_name')) AS invoice_issuer_name,
  COALESCE(invoice_id, setting('invoice_id')) AS invoice_id,
  COALESCE(billing_account_id, setting('billing_account_id')) AS billing_account_id,
  COALESCE(billing_account_name, setting('billing_account_name')) AS billing_account_name,
  COALESCE(sub_account_id, setting('sub_account_id')) AS sub_account_id,
  COALESCE(sub_account_name, setting('sub_account_name')) AS sub_account_name,
  upper(trim(COALESCE(billing_currency, setting('billing_currency')))) AS billing_currency,
  COALESCE(CAST(month_first AS VARCHAR), said[3]) AS billing_period_start,
  COALESCE(CAST(month_last AS VARCHAR), said[4], CAST(CAST(date_trunc('month', month_first) + INTERVAL 1 MONTH AS TIMESTAMP) AS VARCHAR)) AS billing_period_end,
  COALESCE(CAST(CAST(timezone(setting('zone'), locals[1]) AS TIMESTAMP) AS VARCHAR), said[1]) AS charge_period_start,
  COALESCE(CAST(CAST(timezone(setting('zone'), locals[2]) AS TIMESTAMP) AS VARCHAR), said[2]) AS charge_period_end,
  COALESCE(category, category_said) AS charge_category,
  COALESCE(charge_class, setting('charge_class')) AS charge_class,
  COALESCE(charge_frequency, setting('charge_frequency')) AS charge_frequency,
  COALESCE(charge_description, setting('charge_description')) AS charge_description,
  COALESCE(numbers[1], CASE WHEN left_out IS NULL THEN texts[1] END) AS billed_cost,
  numbers[2] AS effective_cost,
  numbers[3] AS list_cost,
  numbers[4] AS contracted_cost,
  numbers[5] AS list_unit_price,
  numbers[6] AS contracted_unit_price,
  COALESCE(pricing_category, setting('pricing_category')) AS pricing_category,
  numbers[7] AS pricing_quantity,
  COALESCE(pricing_unit, setting('pricing_unit')) AS pricing_unit,
  numbers[8] AS consumed_quantity,
  COALESCE(consumed_unit, setting('consumed_unit')) AS consumed_unit,
  COALESCE(service_category, setting('service_category')) AS service_category,
  COALESCE(service_subcategory, setting('service_subcategory')) AS service_subcategory,
  COALESCE(service_name, setting('service_name')) AS service_name,
  COALESCE(sku_id, setting('sku_id')) AS sku_id,
  COALESCE(sku_meter, setting('sku_meter')) AS sku_meter,
  COALESCE(sku_price_id, setting('sku_price_id')) AS sku_price_id,
  COALESCE(resource_id, setting('resource_id')) AS resource_id,
  COALESCE(resource_name, setting('resource_name')) AS resource_name,
  COALESCE(resource_type, setting('resource_type')) AS resource_type,
  COALESCE(region_id, setting('region_id')) AS region_id,
  COALESCE(region_name, setting('region_name')) AS region_name,
  COALESCE(availability_zone, setting('availability_zone')) AS availability_zone,
  COALESCE(commitment_discount_id, setting('commitment_discount_id')) AS commitment_discount_id,
  COALESCE(commitment_discount_name, setting('commitment_discount_name')) AS commitment_discount_name,
  COALESCE(commitment_discount_category, setting('commitment_discount_category')) AS commitment_discount_category,
  COALESCE(commitment_discount_type, setting('commitment_discount_type')) AS commitment_discount_type,
  COALESCE(commitment_discount_status, setting('commitment_discount_status')) AS commitment_discount_status,
  map_concat(COALESCE(own_tags, MAP {}), COALESCE(begun, MAP {}), COALESCE(named, MAP {})) AS tags,
  map_concat(others, CASE WHEN tags IS NOT NULL AND own_tags IS NULL THEN MAP {'tags': tags} ELSE MAP {} END) AS extra,
  left_out AS skip,
  CASE WHEN bad_number IS NOT NULL THEN 'bad-number' WHEN bad_time IS NOT NULL THEN 'bad-time' WHEN category IS NULL THEN 'unknown-category' END AS refuse,
  CASE WHEN bad_number IS NOT NULL THEN texts[bad_number] WHEN bad_time IS NOT NULL THEN said[bad_time] ELSE category_said END AS refused
FROM judged
