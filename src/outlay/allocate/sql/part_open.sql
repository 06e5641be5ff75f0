-- open: whether nobody among those to whom a driver would give has passed on what it had, so that nothing flows back to it.
-- grain:   one condition
-- reads:   nothing by itself; wants the columns of part filled
-- returns: true or false
-- $closed: who passed on, as names of dimensions and values between unit separators; empty for nobody
($closed = '' OR NOT (
  POSITION('␟feature␞' || COALESCE(feature, '') || '␟' IN $closed) > 0
  OR POSITION('␟customer␞' || COALESCE(customer, '') || '␟' IN $closed) > 0
  OR POSITION('␟team␞' || COALESCE(team, '') || '␟' IN $closed) > 0
  OR POSITION('␟user␞' || COALESCE("user", '') || '␟' IN $closed) > 0
  OR POSITION('␟environment␞' || COALESCE(environment, '') || '␟' IN $closed) > 0
  OR POSITION('␟service␞' || COALESCE(service, '') || '␟' IN $closed) > 0
  OR POSITION('␟release␞' || COALESCE("release", '') || '␟' IN $closed) > 0
  OR POSITION('␟model␞' || COALESCE(model, '') || '␟' IN $closed) > 0))
