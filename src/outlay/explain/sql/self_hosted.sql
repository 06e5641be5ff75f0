-- self_hosted: what ran on machines of one's own in a period.
-- grain:   one row per feature, provider and model
-- reads:   rollup_day, current_run
-- returns: feature, provider, model; calls; tokens; cached: prompt tokens read from a cache; decoded: tokens that were written;
--          held: units held (GPU-seconds)
-- $provider: as usage names one's own machines; $unit: the unit in which they are held. Usage of either kind counts.
SELECT
  feature, provider, model, SUM(calls) AS calls, SUM(tokens) AS tokens, SUM(cache_read + cache_read_audio) AS cached,
  SUM(output + output_reasoning + output_rejected + output_audio + output_image) AS decoded,
  SUM(CASE WHEN unit = $unit THEN quantity ELSE CAST(0 AS DECIMAL(38,15)) END) AS held
FROM rollup_day
WHERE run IN (SELECT run FROM current_run) AND "day" >= CAST($first AS DATE) AND "day" < CAST($end AS DATE)
  AND (provider = $provider OR unit = $unit)
GROUP BY feature, provider, model
ORDER BY feature, provider, model
