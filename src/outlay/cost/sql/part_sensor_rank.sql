-- sensor_rank: whose account of a call counts where several sensors saw it; the least number wins.
-- grain:   one expression
-- reads:   nothing by itself; the sensor of a usage row `u`
-- returns: its rank, from 0
-- Who stands in the program that pays comes first, then who has the provider's own word, then those who saw more of the
-- call than others do; a gateway last, because it knows least of who caused what.
CASE u.sensor WHEN 'sdk' THEN 0 WHEN 'anthropic-platform' THEN 1 WHEN 'pydantic-ai' THEN 2 WHEN 'anthropic-sdk' THEN 3
  WHEN 'otel-genai' THEN 4 WHEN 'vercel-ai' THEN 5 WHEN 'litellm-callback' THEN 6 WHEN 'litellm' THEN 7 WHEN 'openllmetry' THEN 8
  WHEN 'langfuse' THEN 9 WHEN 'openinference' THEN 10 WHEN 'logfire' THEN 11 WHEN 'sentry' THEN 12
  WHEN 'otel-log' THEN 14 WHEN 'gateway' THEN 15 ELSE 13 END
