-- taken: whether a rule that passes shares on takes a share.
-- grain:   the end of a condition
-- reads:   nothing by itself; wants the columns of apportioned as s
-- returns: true or false
-- $from_rules, $from_*: whose shares are taken, names between unit separators; empty for all
AND ($from_rules = '' OR POSITION('␟' || s.rule || '␟' IN $from_rules) > 0)
    AND ($from_feature = '' OR POSITION('␟' || COALESCE(s.feature, '') || '␟' IN $from_feature) > 0)
    AND ($from_customer = '' OR POSITION('␟' || COALESCE(s.customer, '') || '␟' IN $from_customer) > 0)
    AND ($from_team = '' OR POSITION('␟' || COALESCE(s.team, '') || '␟' IN $from_team) > 0)
    AND ($from_user = '' OR POSITION('␟' || COALESCE(s."user", '') || '␟' IN $from_user) > 0)
    AND ($from_environment = '' OR POSITION('␟' || COALESCE(s.environment, '') || '␟' IN $from_environment) > 0)
    AND ($from_service = '' OR POSITION('␟' || COALESCE(s.service, '') || '␟' IN $from_service) > 0)
    AND ($from_release = '' OR POSITION('␟' || COALESCE(s."release", '') || '␟' IN $from_release) > 0)
    AND ($from_model = '' OR POSITION('␟' || COALESCE(s.model, '') || '␟' IN $from_model) > 0)
