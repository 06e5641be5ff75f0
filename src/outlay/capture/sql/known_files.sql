-- known_files: files of events and logs that a committed import holds.
-- grain:   one row per file
-- reads:   source_file, take_in
-- returns: take_in, fingerprint
SELECT f.take_in AS take_in, f.fingerprint AS fingerprint
FROM source_file AS f
JOIN take_in AS t ON t.take_in = f.take_in
WHERE t.source IN ('events', 'logs')
ORDER BY take_in, fingerprint
