-- newest_files: the files of the newest import of one source.
-- grain:   one row per file
-- reads:   source_file, take_in
-- returns: take_in, fingerprint
SELECT f.take_in AS take_in, f.fingerprint AS fingerprint
FROM source_file AS f
WHERE f.take_in IN (SELECT MAX(take_in) FROM take_in WHERE source = $source)
ORDER BY fingerprint
