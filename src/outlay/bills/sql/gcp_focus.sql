-- gcp_focus: lines of Google Cloud's FOCUS view, as charges.
-- engine:  reader
-- grain:   one row per line of the file
-- reads:   written (nested columns as JSON)
-- returns: line and the columns of a charge as text; tags, extra as maps
-- Tags are a list of `{key, value, x_type, x_inherited, x_namespace}`: labels win over tags, both over what is inherited.
-- A plain JSON object, as FOCUS wants it, is taken as well.
WITH parsed AS (
  SELECT
    * EXCLUDE (tags), tags AS raw,
    TRY_CAST(TRY_CAST(tags AS JSON) AS JSON[]) AS listed,
    TRY_CAST(TRY_CAST(tags AS JSON) AS MAP(VARCHAR, VARCHAR)) AS plain
  FROM written
),
ranked AS (
  SELECT
    *,
    list_filter(listed, lambda e: e ->> '$.key' IS NOT NULL) AS named
  FROM parsed
),
told AS (
  SELECT
    * EXCLUDE (extra), extra AS others,
    CASE WHEN named IS NOT NULL THEN map_concat(
      COALESCE(TRY(map_from_entries(list_transform(list_filter(named, lambda e: e ->> '$.x_inherited' = 'true'),
        lambda e: {'key': trim(e ->> '$.key'), 'value': COALESCE(e ->> '$.value', '')}))), MAP {}),
      COALESCE(TRY(map_from_entries(list_transform(list_filter(named, lambda e: COALESCE(e ->> '$.x_inherited', 'false') <> 'true' AND e ->> '$.x_type' = 'tag'),
        lambda e: {'key': trim(e ->> '$.key'), 'value': COALESCE(e ->> '$.value', '')}))), MAP {}),
      COALESCE(TRY(map_from_entries(list_transform(list_filter(named, lambda e: COALESCE(e ->> '$.x_inherited', 'false') <> 'true' AND COALESCE(e ->> '$.x_type', 'label') <> 'tag'),
        lambda e: {'key': trim(e ->> '$.key'), 'value': COALESCE(e ->> '$.value', '')}))), MAP {})
    ) ELSE plain END AS tags
  FROM ranked
)
SELECT
  * EXCLUDE (others, raw, listed, plain, named),
  CASE WHEN tags IS NULL AND raw IS NOT NULL THEN map_concat(others, MAP {'Tags': raw}) ELSE others END AS extra
FROM told
