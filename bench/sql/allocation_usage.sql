-- allocation_usage: one event for each feature, customer and day.
INSERT INTO usage (take_in, file, line, id, time, provider, model, operation, feature, customer, team, environment, service,
  attempt, state, context, sensor, input, output, quantity, duration_ms, currency, tags)
SELECT
  'events', 1, i, 'e' || i, TIMESTAMP '2026-10-01 12:00:00' + INTERVAL (i // ($features * $customers)) DAY, 'acme', 'm', 'chat',
  'area.feature-' || i % $features, 'customer-' || (i // $features) % $customers, 'team-' || i % $features % 12, 'production', 's-' || i % 30,
  1, 'complete', '', 'sdk', hash(i) % 5000, hash(i + 1) % 500, 0, hash(i + 2) % 9000, 'USD', MAP {}
FROM range(0, $features * $customers * 31) AS t(i)
