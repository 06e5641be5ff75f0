-- usage: made-up events of two months: actions of users on a power law, three calls to one model each. They arrive as
-- telemetry does: in order of time, up to an hour late.
INSERT INTO usage (take_in, file, line, id, time, provider, model, operation, feature, customer, team, "user", environment, service, "release",
  call, attempt, response_id, state, context, sensor, input, cache_read, output, quantity, duration_ms, currency, tags)
SELECT
  'bench', 1, i, 'e' || i, TIMESTAMP '2026-09-01' + INTERVAL (CAST(floor(CAST(i AS DOUBLE) / $events * 5266800000) AS BIGINT) + CAST(hash(a) % 3600000 AS BIGINT)) MILLISECOND,
  CASE WHEN u % 3 = 0 THEN 'anthropic' ELSE 'openai' END,
  CASE u % 6 WHEN 0 THEN 'claude-sonnet-4-5' WHEN 3 THEN 'claude-haiku-4-5' WHEN 1 THEN 'gpt-4o' WHEN 2 THEN 'gpt-4o-mini' WHEN 4 THEN 'gpt-5-mini' ELSE 'text-embedding-3-small' END,
  'chat', 'feature.' || CAST(u % 20 AS VARCHAR), 'c' || CAST(u % 400 AS VARCHAR), 'team' || CAST(u % 5 AS VARCHAR), 'u' || CAST(u AS VARCHAR),
  'production', 'service-' || CAST(u % 12 AS VARCHAR), '2026.9', 'k' || i, 1, 'r' || i, CASE WHEN hash(i + 7) % 50 = 0 THEN 'partial' ELSE 'complete' END,
  '', 'sdk', CAST(hash(i + 1) % 3000 AS BIGINT), CAST(hash(i + 2) % 1000 AS BIGINT), CAST(hash(i + 3) % 500 AS BIGINT), 0, 500, 'USD', MAP {}
FROM (
  SELECT i, i // 3 AS a, CAST(floor(power(CAST(hash(i // 3 + 11) % 1000000 AS DOUBLE) / 1000000, 4) * 20000) AS BIGINT) AS u
  FROM range($events) AS t(i)
)
