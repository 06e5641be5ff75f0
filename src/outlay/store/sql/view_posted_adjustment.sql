-- posted_adjustment: what moved in closed months since they were closed, to be shown in later ones.
-- grain:   one row per movement of a closed month and attribution
-- reads:   movement, current_closing
-- returns: the columns of movement
-- law:     a month that was opened again has taken in what moved itself, so its adjustments no longer count
SELECT m.*
FROM movement AS m
JOIN current_closing AS k ON k.month = m.month
WHERE m.closed AND m.moved_at >= k.decided_at
