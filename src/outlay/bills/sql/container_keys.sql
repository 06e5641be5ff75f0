-- container_keys: what the containers of a report took of the machines they ran on, by which a rule can split those.
-- engine:  reader
-- grain:   one row per cluster, day and attribution; service `__idle__` for what no container took
-- reads:   written; setting('of_<dimension>'): where it is looked for, names of tags folded and separated by commas
-- returns: the columns of metric; quantity in millionths of the report's currency
-- law:     keys are no charges: the cost stays with the machine, and a rule decides whose it is
-- AWS writes a line a container, hour and resource (vCPU, memory, GPU), with the part of the machine's cost that it took, and its
-- part of what was idle; together they are that cost. Tag keys are folded, because reports spell them in two ways.
WITH taken AS (
  SELECT
    CAST(instant_of(line_item_usage_start_date) AS DATE) AS day,
    tag_map,
    SUM(COALESCE(TRY_CAST(split_line_item_split_cost AS DECIMAL(38,12)), 0)) AS used,
    SUM(COALESCE(TRY_CAST(split_line_item_unused_cost AS DECIMAL(38,12)), 0)) AS unused
  FROM written
  WHERE split_line_item_parent_resource_id IS NOT NULL
    AND instant_of(line_item_usage_start_date) >= $only_from AND instant_of(line_item_usage_start_date) < $only_to
  GROUP BY day, tag_map
), folded AS (
  SELECT
    day, used, unused,
    list_filter(list_transform(map_entries(tag_map), lambda e: {
      'key': trim(regexp_replace(lower(CASE WHEN e.key[1:5] IN ('user:', 'user_') THEN e.key[6:] ELSE e.key END), '[^a-z0-9]+', '_', 'g'), '_'),
      'value': e.value}), lambda e: e.value <> '') AS labels
  FROM taken
), placed AS (
  SELECT
    day, used, unused, {
      'cluster': list_filter(list_transform(string_split(setting('of_cluster'), ','), lambda p: list_filter(labels, lambda e: e.key = p)[1].value), lambda v: v IS NOT NULL)[1],
      'feature': list_filter(list_transform(string_split(setting('of_feature'), ','), lambda p: list_filter(labels, lambda e: e.key = p)[1].value), lambda v: v IS NOT NULL)[1],
      'customer': list_filter(list_transform(string_split(setting('of_customer'), ','), lambda p: list_filter(labels, lambda e: e.key = p)[1].value), lambda v: v IS NOT NULL)[1],
      'team': list_filter(list_transform(string_split(setting('of_team'), ','), lambda p: list_filter(labels, lambda e: e.key = p)[1].value), lambda v: v IS NOT NULL)[1],
      'user': list_filter(list_transform(string_split(setting('of_user'), ','), lambda p: list_filter(labels, lambda e: e.key = p)[1].value), lambda v: v IS NOT NULL)[1],
      'environment': list_filter(list_transform(string_split(setting('of_environment'), ','), lambda p: list_filter(labels, lambda e: e.key = p)[1].value), lambda v: v IS NOT NULL)[1],
      'service': list_filter(list_transform(string_split(setting('of_service'), ','), lambda p: list_filter(labels, lambda e: e.key = p)[1].value), lambda v: v IS NOT NULL)[1],
      'release': list_filter(list_transform(string_split(setting('of_release'), ','), lambda p: list_filter(labels, lambda e: e.key = p)[1].value), lambda v: v IS NOT NULL)[1]
    } AS who
  FROM folded
), measured AS (
  SELECT
    day, who.cluster AS cluster, who.feature AS feature, who.customer AS customer, who.team AS team, who."user" AS "user",
    who.environment AS environment, who.service AS service, who."release" AS "release", used AS cost
  FROM placed
  UNION ALL
  SELECT day, who.cluster, NULL, NULL, NULL, NULL, NULL, '__idle__', NULL, unused
  FROM placed
)
SELECT
  $take_in AS take_in, CAST($file AS BIGINT) AS file, CAST(0 AS BIGINT) AS line,
  'aws_split_cost' || COALESCE('_' || cluster, '') AS metric,
  CAST(day AS TIMESTAMP) AS starts_at, CAST(day AS TIMESTAMP) + INTERVAL 1 DAY AS ends_at,
  feature, customer, team, "user", environment, service, "release",
  CAST(SUM(cost) * 1000000 AS DECIMAL(38,15)) AS quantity, 'millionths' AS unit, true AS adds_up
FROM measured
GROUP BY ALL
HAVING SUM(cost) > 0
