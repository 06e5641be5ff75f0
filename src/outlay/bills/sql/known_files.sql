-- known_files: files of imports of which nothing was replaced since.
-- grain:   one row per file and import, the newest import first
-- reads:   source_file, take_in, supersession
-- returns: take_in, name, fingerprint
-- law:     an import that was replaced in part is no longer held: importing its files again brings them back
SELECT f.take_in AS take_in, f.name AS name, f.fingerprint AS fingerprint
FROM source_file AS f
JOIN take_in AS t ON t.take_in = f.take_in
WHERE t.source = $source
  AND f.take_in NOT IN (
    SELECT s.take_in FROM supersession AS s WHERE s.replaced_by IN (SELECT take_in FROM take_in)
  )
ORDER BY take_in DESC, name
