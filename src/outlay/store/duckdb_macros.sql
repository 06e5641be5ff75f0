-- ClickHouse's names for the few functions that DuckDB calls otherwise, so that one text serves both engines.
-- toInt256: whole numbers past 64 bits. HUGEINT raises on overflow; Int256 is too wide to meet it.
CREATE OR REPLACE TEMP MACRO toInt256(x) AS CAST(x AS HUGEINT);
CREATE OR REPLACE TEMP MACRO intDiv(a, b) AS a // b;
-- instant_of: a time as text, in UTC. No zone means UTC; an offset is honoured by the dearer cast (a plain one drops it).
CREATE OR REPLACE TEMP MACRO instant_of(x) AS CASE
  WHEN length(x) = 10 OR length(x) = 19 AND substr(x, 17, 1) = ':' OR length(x) = 20 AND suffix(x, 'Z')
  THEN TRY_CAST(x AS TIMESTAMP)
  ELSE CAST(TRY_CAST(x AS TIMESTAMPTZ) AS TIMESTAMP) END;
