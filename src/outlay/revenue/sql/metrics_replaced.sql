-- metrics_replaced: the periods of an import's metrics that a later import replaced.
-- grain:   one row per metric and period
-- reads:   metric, current_metric
-- returns: metric, starts_at, ends_at
SELECT m.metric AS metric, m.starts_at AS starts_at, m.ends_at AS ends_at
FROM metric AS m
WHERE m.take_in = $take_in
  AND (m.metric, m.starts_at, m.ends_at) NOT IN (
    SELECT c.metric, c.starts_at, c.ends_at FROM current_metric AS c WHERE c.take_in = $take_in
  )
GROUP BY m.metric, m.starts_at, m.ends_at
ORDER BY metric, starts_at, ends_at
