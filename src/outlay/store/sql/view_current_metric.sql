-- current_metric: the metrics in force.
-- grain:   one row per metric, period and combination of dimension values (several of them where a file has several)
-- reads:   metric, take_in
-- returns: the columns of metric; day and month (its first day) of the period's start
-- law:     the newest committed import that speaks of a metric and period is the one that holds
SELECT
  m.*, CAST(m.starts_at AS DATE) AS "day",
  CAST(date_trunc('month', m.starts_at) AS DATE) AS month
FROM metric AS m
WHERE (m.metric, m.starts_at, m.ends_at, m.take_in) IN (
  SELECT said.metric, said.starts_at, said.ends_at, said.take_in
  FROM (
    SELECT n.metric AS metric, n.starts_at AS starts_at, n.ends_at AS ends_at, n.take_in AS take_in,
      ROW_NUMBER() OVER (
        PARTITION BY n.metric, n.starts_at, n.ends_at ORDER BY MAX(t.taken_at) DESC, n.take_in DESC
      ) AS place
    FROM metric AS n
    JOIN take_in AS t ON t.take_in = n.take_in
    GROUP BY n.metric, n.starts_at, n.ends_at, n.take_in
  ) AS said
  WHERE said.place = 1
)
