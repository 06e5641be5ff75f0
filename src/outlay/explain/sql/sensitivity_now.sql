-- sensitivity_now: what each rule gives to those whose cost is asked for.
-- grain:   one row per rule and currency
-- reads:   share
-- returns: rule; currency; amount in it
SELECT rule, currency, SUM(amount) AS amount
FROM share
WHERE run = $run{where}
GROUP BY rule, currency
ORDER BY rule, currency
