-- current_finding: the newest record of each finding.
-- grain:   one row per finding
-- reads:   finding
-- returns: the columns of finding; closed_at absent while it holds
SELECT f.*
FROM finding AS f
QUALIFY ROW_NUMBER() OVER (PARTITION BY f.finding ORDER BY f.recorded_at DESC, f.closed_at IS NULL) = 1
