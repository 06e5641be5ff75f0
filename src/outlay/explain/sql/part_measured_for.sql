-- measured_for: whether usage was measured for a share: it agrees with the pool, and fills in what the share says.
-- grain:   the end of one condition
-- reads:   nothing by itself: s, a share; p, its pool; u, usage
-- returns: conditions that go on behind another
-- $in_*, $to_*, $drop_*: as in allocate/driver_usage
AND ($in_provider = 0 OR lower(COALESCE(u.provider, '')) = lower(COALESCE(p.known_provider, '')))
AND ($in_feature = 0 OR lower(COALESCE(u.feature, '')) = lower(COALESCE(p.feature, '')))
AND ($in_customer = 0 OR lower(COALESCE(u.customer, '')) = lower(COALESCE(p.customer, '')))
AND ($in_team = 0 OR lower(COALESCE(u.team, '')) = lower(COALESCE(p.team, '')))
AND ($in_user = 0 OR lower(COALESCE(u."user", '')) = lower(COALESCE(p."user", '')))
AND ($in_environment = 0 OR lower(COALESCE(u.environment, '')) = lower(COALESCE(p.environment, '')))
AND ($in_service = 0 OR lower(COALESCE(u.service, '')) = lower(COALESCE(p.service, '')))
AND ($in_release = 0 OR lower(COALESCE(u."release", '')) = lower(COALESCE(p."release", '')))
AND ($in_model = 0 OR lower(COALESCE(u.model, '')) = lower(COALESCE(p.model, '')))
AND COALESCE(CASE WHEN $to_feature = 1 THEN u.feature END, CASE WHEN $drop_feature = 0 THEN p.feature END, '') = COALESCE(s.feature, '')
AND COALESCE(CASE WHEN $to_customer = 1 THEN u.customer END, CASE WHEN $drop_customer = 0 THEN p.customer END, '') = COALESCE(s.customer, '')
AND COALESCE(CASE WHEN $to_team = 1 THEN u.team END, CASE WHEN $drop_team = 0 THEN p.team END, '') = COALESCE(s.team, '')
AND COALESCE(CASE WHEN $to_user = 1 THEN u."user" END, CASE WHEN $drop_user = 0 THEN p."user" END, '') = COALESCE(s."user", '')
AND COALESCE(CASE WHEN $to_environment = 1 THEN u.environment END, CASE WHEN $drop_environment = 0 THEN p.environment END, '') = COALESCE(s.environment, '')
AND COALESCE(CASE WHEN $to_service = 1 THEN u.service END, CASE WHEN $drop_service = 0 THEN p.service END, '') = COALESCE(s.service, '')
AND COALESCE(CASE WHEN $to_release = 1 THEN u."release" END, CASE WHEN $drop_release = 0 THEN p."release" END, '') = COALESCE(s."release", '')
AND COALESCE(CASE WHEN $to_model = 1 THEN u.model END, CASE WHEN $drop_model = 0 THEN p.model END, '') = COALESCE(s.model, '')
