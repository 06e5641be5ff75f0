-- whole_parts: charges of which nobody has a part, as the parts that they are.
-- engine:  reader
-- grain:   one row per charge
-- reads:   saved_charge
-- returns: the columns of export/shares; all but the charge and its day are NULL
SELECT
  take_in, file, line, part, CAST(CAST(charge_period_start AS DATE) AS VARCHAR) AS first_day,
  CAST(NULL AS DECIMAL(38,0)) AS billed_pico, CAST(NULL AS DECIMAL(38,0)) AS effective_pico, CAST(NULL AS DECIMAL(38,0)) AS list_pico,
  CAST(NULL AS DECIMAL(38,0)) AS contracted_pico, CAST(NULL AS DECIMAL(38,0)) AS net_pico, CAST(NULL AS DECIMAL(38,0)) AS net_effective_pico,
  CAST(NULL AS DECIMAL(38,0)) AS pricing_femto, CAST(NULL AS DECIMAL(38,0)) AS consumed_femto,
  CAST(NULL AS VARCHAR) AS ratio, CAST(NULL AS VARCHAR) AS rule, CAST(NULL AS VARCHAR) AS rule_version, CAST(NULL AS VARCHAR) AS method,
  CAST(NULL AS VARCHAR) AS driver, CAST(NULL AS VARCHAR) AS state, CAST(NULL AS VARCHAR) AS own_feature, CAST(NULL AS VARCHAR) AS own_customer,
  CAST(NULL AS VARCHAR) AS own_team, CAST(NULL AS VARCHAR) AS own_user, CAST(NULL AS VARCHAR) AS own_environment,
  CAST(NULL AS VARCHAR) AS own_service, CAST(NULL AS VARCHAR) AS own_release, CAST(NULL AS VARCHAR) AS own_model,
  CAST(NULL AS DECIMAL(38,0)) AS part_reporting_pico
FROM saved_charge
