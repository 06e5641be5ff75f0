-- current_customer: the newest description of each customer.
-- grain:   one row per customer
-- reads:   customer, take_in
-- returns: customer, name, segment, plan, status
SELECT c.customer AS customer, c.name AS name, c.segment AS segment, c.plan AS plan, c.status AS status
FROM customer AS c
JOIN take_in AS t ON t.take_in = c.take_in
QUALIFY ROW_NUMBER() OVER (PARTITION BY c.customer ORDER BY t.taken_at DESC, c.file DESC, c.line DESC) = 1
