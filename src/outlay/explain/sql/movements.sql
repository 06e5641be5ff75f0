-- movements: what runs moved in months that were over, for whom and by which imports.
-- grain:   one row per movement, feature, customer and team
-- reads:   movement, publication, posted_adjustment
-- returns: month; moved_at; closed; booked_in; take_ins; feature, customer, team; currency; before, after; in_force: 1 when it
--          is shown as an adjustment now
SELECT
  m.month AS month, m.moved_at AS moved_at, m.closed AS closed, m.booked_in AS booked_in, m.take_ins AS take_ins,
  m.feature AS feature, m.customer AS customer, m.team AS team, m.currency AS currency, m.before AS before, m.after AS after,
  CASE WHEN (m.month, m.moved_at) IN (SELECT month, moved_at FROM posted_adjustment) THEN 1 ELSE 0 END AS in_force
FROM movement AS m
WHERE (m.month >= CAST($first AS DATE) AND m.month < CAST($end AS DATE)
    OR m.booked_in >= CAST($first AS DATE) AND m.booked_in < CAST($end AS DATE))
  AND (m.closed OR m.made_by IN (SELECT run FROM publication))
ORDER BY m.moved_at, m.month, ABS(m.after - m.before) DESC, COALESCE(m.feature, ''), COALESCE(m.customer, ''), COALESCE(m.team, ''), m.currency
