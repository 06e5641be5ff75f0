"""Every table once: columns, types, units and meaning. Both engines' DDL and the documentation come from here.

Money is `DECIMAL(38,12)` in the row's own currency; quantities `DECIMAL(38,15)`; instants are UTC; periods
are half-open. A table's `key` is its grain.
"""

from outlay.store.tables.access import API_KEY, AUDIT, REMOVAL
from outlay.store.tables.closings import CLOSING, MOVEMENT
from outlay.store.tables.columns import Column, Table
from outlay.store.tables.currencies import EXCHANGE_RATE
from outlay.store.tables.inlets import (
    ARRIVAL,
    CHARGE,
    CUSTOMER,
    METRIC,
    PARTITION,
    PRICE,
    PROBLEM,
    RELEASE,
    REVENUE,
    RULE,
    SOURCE_FILE,
    SUPERSESSION,
    TAKE_IN,
    USAGE,
)
from outlay.store.tables.ledger import (
    ASSIGNMENT,
    CONSERVATION,
    CORRECTION_CUTOFF,
    DRIVER,
    OBSERVATION,
    POOL,
    POT,
    PRICE_VECTOR,
    PUBLICATION,
    ROLLUP_COVERAGE,
    ROLLUP_DAY,
    ROLLUP_HOUR,
    ROLLUP_LEDGER,
    ROLLUP_LEDGER_MONTH,
    ROLLUP_MINUTE,
    ROLLUP_USAGE_MONTH,
    ROLLUP_USER_MONTH,
    SHARE,
)
from outlay.store.tables.plans import PLANNED_COST
from outlay.store.tables.reconciled import CALIBRATED_COST, GAP_EVIDENCE, RECONCILIATION
from outlay.store.tables.watching import FINDING, LEASE, SOURCE_RUN

__all__ = ["BY_NAME", "PASSING", "RUN_TABLES", "TABLES", "Column", "Table"]

TABLES = (
    TAKE_IN,
    SOURCE_FILE,
    PROBLEM,
    PARTITION,
    SUPERSESSION,
    CHARGE,
    USAGE,
    ARRIVAL,
    CUSTOMER,
    REVENUE,
    RELEASE,
    METRIC,
    EXCHANGE_RATE,
    PRICE,
    RULE,
    CORRECTION_CUTOFF,
    PRICE_VECTOR,
    OBSERVATION,
    ROLLUP_DAY,
    ROLLUP_HOUR,
    ROLLUP_MINUTE,
    ROLLUP_USER_MONTH,
    ROLLUP_USAGE_MONTH,
    RECONCILIATION,
    GAP_EVIDENCE,
    CALIBRATED_COST,
    ASSIGNMENT,
    POOL,
    POT,
    DRIVER,
    SHARE,
    ROLLUP_LEDGER,
    ROLLUP_LEDGER_MONTH,
    ROLLUP_COVERAGE,
    CONSERVATION,
    PUBLICATION,
    CLOSING,
    MOVEMENT,
    PLANNED_COST,
    API_KEY,
    AUDIT,
    REMOVAL,
    SOURCE_RUN,
    LEASE,
    FINDING,
)
BY_NAME = {table.name: table for table in TABLES}
#: Tables whose rows nobody keeps.
PASSING = tuple(table for table in TABLES if table.passing)
#: Tables that a run fills; a run that is not published leaves nothing in them.
RUN_TABLES = tuple(t.name for t in TABLES if t.columns[0].name == "run")
