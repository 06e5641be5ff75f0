-- ClickHouse's names for the few functions that DuckDB calls otherwise, so that one text serves both engines.
-- toInt256: whole numbers past 64 bits. HUGEINT raises on overflow; Int256 is too wide to meet it.
CREATE OR REPLACE TEMP MACRO toInt256(x) AS CAST(x AS HUGEINT);
CREATE OR REPLACE TEMP MACRO intDiv(a, b) AS a // b;
CREATE OR REPLACE TEMP MACRO bitShiftRight(x, places) AS x >> places;
CREATE OR REPLACE TEMP MACRO bitAnd(a, b) AS a & b;
CREATE OR REPLACE TEMP MACRO toDecimal128(x, places) AS CAST(x AS DECIMAL(38,0));
CREATE OR REPLACE TEMP MACRO splitByChar(separator, x) AS string_split(x, separator);
CREATE OR REPLACE TEMP MACRO mapKeys(x) AS map_keys(x);
CREATE OR REPLACE TEMP MACRO arrayJoin(x) AS unnest(x);
-- instant_of: a time as text, or as such, in UTC. No zone means UTC; an offset is honoured by the dearer cast (a plain one drops it).
CREATE OR REPLACE TEMP MACRO instant_of(x) AS CASE
  WHEN typeof(x) = 'TIMESTAMP' THEN TRY_CAST(x AS TIMESTAMP)
  WHEN length(CAST(x AS VARCHAR)) = 10 OR length(CAST(x AS VARCHAR)) = 19 AND substr(CAST(x AS VARCHAR), 17, 1) = ':'
    OR length(CAST(x AS VARCHAR)) = 20 AND suffix(CAST(x AS VARCHAR), 'Z')
  THEN TRY_CAST(x AS TIMESTAMP)
  ELSE CAST(TRY_CAST(x AS TIMESTAMPTZ) AS TIMESTAMP) END;
CREATE OR REPLACE TEMP MACRO splitByString(separator, x) AS string_split(x, separator);
