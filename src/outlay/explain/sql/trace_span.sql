-- trace_span: when the events of one trace, session, call, response or id happened.
-- grain:   one row
-- reads:   current_usage
-- returns: since, until: the first and the last instant, absent when there are no such events
SELECT MIN(time) AS since, MAX(time) AS until
FROM current_usage
WHERE time IS NOT NULL{where}
