-- metric_periods: the periods of the metrics in force that touch a stretch of time.
-- grain:   one row per metric and period
-- reads:   current_metric
-- returns: metric, starts_at, ends_at
SELECT m.metric AS metric, m.starts_at AS starts_at, m.ends_at AS ends_at
FROM current_metric AS m
WHERE m.ends_at > $first AND m.starts_at < $end
GROUP BY m.metric, m.starts_at, m.ends_at
ORDER BY metric, starts_at, ends_at
