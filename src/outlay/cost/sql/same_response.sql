-- same_response: events that carry the same answer id of the same provider.
-- grain:   one row per usage event that another one carries
-- reads:   current_usage, observation (of the same run, by earlier rungs)
-- returns: the columns of observation
-- law:     one call seen by several sensors costs once; who carries it does not depend on the order of arrival
WITH twice AS (
  SELECT provider, response_id
  FROM current_usage
  WHERE time >= $starts_at AND time < $ends_at AND response_id IS NOT NULL
  GROUP BY provider, response_id
  HAVING MIN(id) <> MAX(id)
), ranked AS (
  SELECT
    u.take_in AS take_in, u.file AS file, u.line AS line, u.id AS id,
    u.feature AS feature, u.customer AS customer, u.team AS team, u."user" AS "user", u.environment AS environment, u.service AS service, u."release" AS "release",
    FIRST_VALUE(u.id) OVER who AS first_id,
    FIRST_VALUE(u.take_in) OVER who AS first_take_in,
    FIRST_VALUE(u.file) OVER who AS first_file,
    FIRST_VALUE(u.line) OVER who AS first_line
  FROM current_usage AS u
  JOIN twice AS t ON t.provider = u.provider AND t.response_id = u.response_id
  WHERE u.time >= $starts_at AND u.time < $ends_at
  WINDOW who AS (
    PARTITION BY u.provider, u.response_id
    ORDER BY {part cost/sensor_rank}, u.id, u.take_in, u.file, u.line
  )
)
SELECT DISTINCT
  $run AS run, CAST($month AS DATE) AS month, take_in, file, line, feature, customer, team, "user", environment, service, "release",
  first_take_in AS of_take_in, first_file AS of_file, first_line AS of_line, 'response_id' AS rung
FROM ranked
WHERE id <> first_id
