-- same_span: events that carry the same trace and span.
-- grain:   one row per usage event that another one carries
-- reads:   current_usage, observation (of the same run, by earlier rungs)
-- returns: the columns of observation
-- law:     one call seen by several sensors costs once; who carries it does not depend on the order of arrival
WITH left_over AS (
  SELECT u.take_in AS take_in, u.file AS file, u.line AS line, u.id AS id, u.trace AS trace, u.span AS span, u.sensor AS sensor
  FROM current_usage AS u
  LEFT JOIN observation AS o ON o.run = $run AND o.take_in = u.take_in AND o.file = u.file AND o.line = u.line
  WHERE u.time >= $starts_at AND u.time < $ends_at AND o.rung IS NULL AND u.trace IS NOT NULL AND u.span IS NOT NULL
), twice AS (
  SELECT trace, span FROM left_over GROUP BY trace, span HAVING MIN(id) <> MAX(id)
), ranked AS (
  SELECT
    l.take_in AS take_in, l.file AS file, l.line AS line, l.id AS id,
    FIRST_VALUE(l.id) OVER who AS first_id,
    FIRST_VALUE(l.take_in) OVER who AS first_take_in,
    FIRST_VALUE(l.file) OVER who AS first_file,
    FIRST_VALUE(l.line) OVER who AS first_line
  FROM left_over AS l
  JOIN twice AS t ON t.trace = l.trace AND t.span = l.span
  WINDOW who AS (
    PARTITION BY l.trace, l.span ORDER BY CASE l.sensor WHEN 'sdk' THEN 0 WHEN 'gateway' THEN 2 ELSE 1 END, l.id, l.take_in, l.file, l.line
  )
)
SELECT DISTINCT
  $run AS run, CAST($month AS DATE) AS month, take_in, file, line,
  first_take_in AS of_take_in, first_file AS of_file, first_line AS of_line, 'span' AS rung
FROM ranked
WHERE id <> first_id
