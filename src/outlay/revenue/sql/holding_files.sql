-- holding_files: the files of the imports of a business table that hold a file.
-- grain:   one row per import and file
-- reads:   source_file, take_in
-- returns: take_in, fingerprint
SELECT f.take_in AS take_in, f.fingerprint AS fingerprint
FROM source_file AS f
WHERE f.take_in IN (
  SELECT g.take_in
  FROM source_file AS g
  JOIN take_in AS t ON t.take_in = g.take_in
  WHERE t.source = $source AND g.fingerprint = $fingerprint
)
ORDER BY take_in DESC, fingerprint
