-- filled: the dimensions that a driver fills in.
-- grain:   columns of a select list
-- reads:   nothing by itself
-- returns: the attribution and the model
-- $to_*: which dimensions are filled in
CASE WHEN $to_feature = 1 THEN feature END AS feature,
CASE WHEN $to_customer = 1 THEN customer END AS customer,
CASE WHEN $to_team = 1 THEN team END AS team,
CASE WHEN $to_user = 1 THEN "user" END AS "user",
CASE WHEN $to_environment = 1 THEN environment END AS environment,
CASE WHEN $to_service = 1 THEN service END AS service,
CASE WHEN $to_release = 1 THEN "release" END AS "release",
CASE WHEN $to_model = 1 THEN model END AS model
