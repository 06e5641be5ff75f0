-- file_lines: how many lines the files of an import hold.
-- grain:   one row per file
-- reads:   source_file
-- returns: file, name, fingerprint, lines
SELECT file, name, fingerprint, lines
FROM source_file
WHERE take_in = $take_in
ORDER BY file
