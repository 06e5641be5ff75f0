-- cut: who keeps a share, and what becomes of those too small to have one.
-- grain:   the middle of a query: common tables behind `target`, of which `kept` has its columns
-- reads:   target
-- returns: rows per pot and attribution, several where small ones get the same name
-- $cut_millionths, $cut_pico: below this part or this amount is small; $small: 1 to gather those under $small_*, 0 to leave
-- their weight to the others
, gathered AS (
  SELECT
    pool, state, to_feature, to_customer, to_team, to_user, to_environment, to_service, to_release, to_model, whole, SUM(weight) AS weight
  FROM target
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
), sized AS (
  SELECT
    *, state = 'allocated' AND (
      weight * 1000000 < SUM(weight) OVER (PARTITION BY pool) * $cut_millionths
      OR whole * weight < SUM(weight) OVER (PARTITION BY pool) * $cut_pico) AS is_small
  FROM gathered
), judged AS (
  SELECT
    *, is_small AND SUM(CASE WHEN is_small THEN 0 ELSE 1 END) OVER (PARTITION BY pool) > 0 AS is_cut
  FROM sized
), kept AS (
  SELECT
    pool, state, to_feature, to_customer, to_team, to_user, to_environment, to_service, to_release, to_model, whole, weight
  FROM (
    SELECT
      pool, state, whole, weight,
      CASE WHEN is_cut AND $drops_feature = 1 THEN NULLIF($small_feature, '') ELSE to_feature END AS to_feature,
      CASE WHEN is_cut AND $drops_customer = 1 THEN NULLIF($small_customer, '') ELSE to_customer END AS to_customer,
      CASE WHEN is_cut AND $drops_team = 1 THEN NULLIF($small_team, '') ELSE to_team END AS to_team,
      CASE WHEN is_cut AND $drops_user = 1 THEN NULLIF($small_user, '') ELSE to_user END AS to_user,
      CASE WHEN is_cut AND $drops_environment = 1 THEN NULLIF($small_environment, '') ELSE to_environment END AS to_environment,
      CASE WHEN is_cut AND $drops_service = 1 THEN NULLIF($small_service, '') ELSE to_service END AS to_service,
      CASE WHEN is_cut AND $drops_release = 1 THEN NULLIF($small_release, '') ELSE to_release END AS to_release,
      CASE WHEN is_cut AND $drops_model = 1 THEN NULLIF($small_model, '') ELSE to_model END AS to_model
    FROM judged
    WHERE NOT is_cut OR $small = 1
  ) AS renamed
)
