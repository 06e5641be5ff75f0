-- keys: every key as it was decided last; of two decisions at one instant the stricter holds.
-- grain:   one row per key
-- reads:   api_key
-- returns: the columns of api_key
SELECT key, recorded_at, name, digest, scopes, bound, events_per_second, expires_at, revoked
FROM api_key
QUALIFY ROW_NUMBER() OVER (PARTITION BY key ORDER BY recorded_at DESC, revoked DESC, expires_at ASC NULLS LAST) = 1
ORDER BY name, key
