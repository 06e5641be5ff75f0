-- held: the usage events of a month, and how many of them its ledger counts.
-- grain:   one row
-- reads:   current_usage, current_run, rollup_day, observation
-- returns: events; run: whose ledger is in force, absent when there is none; counted: the events it made its roll-ups from
-- law:     every event is an attempt in the roll-up of its day, or the observation of a call that another event carries
WITH used AS (
  SELECT COUNT(*) AS events FROM current_usage WHERE time >= $starts_at AND time < $ends_at AND attempt > 0
), in_force AS (
  SELECT run FROM current_run WHERE month = CAST($month AS DATE)
), rolled AS (
  SELECT COALESCE(SUM(attempts), 0) AS attempts FROM rollup_day WHERE run IN (SELECT run FROM in_force)
), seen AS (
  SELECT COUNT(*) AS observations FROM observation WHERE run IN (SELECT run FROM in_force)
), named AS (
  SELECT MAX(run) AS run FROM in_force
)
SELECT u.events AS events, n.run AS run, r.attempts + s.observations AS counted
FROM used AS u
CROSS JOIN rolled AS r
CROSS JOIN seen AS s
CROSS JOIN named AS n
