-- take_ins: every import that was committed.
-- grain:   one row per import
-- reads:   take_in, source_file
-- returns: take_in, source, taken_at, files (how many), lines, landed, skipped, problem_lines
SELECT
  t.take_in AS take_in, t.source AS source, t.taken_at AS taken_at, COUNT(f.file) AS files, t.lines AS lines,
  t.landed AS landed, t.skipped AS skipped, t.problem_lines AS problem_lines
FROM take_in AS t
LEFT JOIN source_file AS f ON f.take_in = t.take_in
GROUP BY t.take_in, t.source, t.taken_at, t.lines, t.landed, t.skipped, t.problem_lines
ORDER BY taken_at, take_in
