-- form_attempts: made-up attempts of two months; one in twenty reads pages rather than tokens.
-- grain:   one row per attempt
CREATE TABLE attempt AS
SELECT
  i, TIMESTAMP '2026-09-01' + INTERVAL (CAST(hash(i) % 5270400 AS BIGINT)) SECOND AS at_time,
  CASE WHEN i % 20 = 0 THEN 'aws' WHEN i % 3 = 0 THEN 'anthropic' ELSE 'openai' END AS provider,
  CASE WHEN i % 20 = 0 THEN 'ocr' ELSE 'model-' || (hash(i + 1) % 12) END AS model,
  'feature.' || (hash(i + 2) % 60) AS feature, 'c' || (hash(i + 3) % 400) AS customer,
  CASE WHEN i % 20 = 0 THEN 0 ELSE CAST(hash(i + 4) % 3000 + 1 AS BIGINT) END AS fresh,
  CASE WHEN i % 20 = 0 OR i % 2 = 0 THEN 0 ELSE CAST(hash(i + 5) % 4000 AS BIGINT) END AS cached,
  CASE WHEN i % 20 = 0 THEN 0 ELSE CAST(hash(i + 6) % 800 + 1 AS BIGINT) END AS answer,
  CASE WHEN i % 20 = 0 OR i % 3 > 0 THEN 0 ELSE CAST(hash(i + 7) % 900 AS BIGINT) END AS reasoned,
  CASE WHEN i % 20 = 0 THEN CAST(hash(i + 8) % 30 + 1 AS BIGINT) ELSE 0 END AS pages
FROM range($attempts) AS t(i)
