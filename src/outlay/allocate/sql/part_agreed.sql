-- agreed: the dimensions on which a pool and what is measured must agree, provider apart, joined to one text.
-- grain:   the end of one expression
-- reads:   nothing by itself
-- returns: a text that goes on behind the provider
-- $in_*: which dimensions count
|| '␟' || CASE WHEN $in_feature = 1 THEN lower(COALESCE(feature, '')) ELSE '' END
|| '␟' || CASE WHEN $in_customer = 1 THEN lower(COALESCE(customer, '')) ELSE '' END
|| '␟' || CASE WHEN $in_team = 1 THEN lower(COALESCE(team, '')) ELSE '' END
|| '␟' || CASE WHEN $in_user = 1 THEN lower(COALESCE("user", '')) ELSE '' END
|| '␟' || CASE WHEN $in_environment = 1 THEN lower(COALESCE(environment, '')) ELSE '' END
|| '␟' || CASE WHEN $in_service = 1 THEN lower(COALESCE(service, '')) ELSE '' END
|| '␟' || CASE WHEN $in_release = 1 THEN lower(COALESCE("release", '')) ELSE '' END
|| '␟' || CASE WHEN $in_model = 1 THEN lower(COALESCE(model, '')) ELSE '' END
