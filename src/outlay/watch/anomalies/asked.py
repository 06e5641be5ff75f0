"""What is asked for: the anomalies of a table or of the ledger.

Comes in: a file of series, or a store. Goes out: the answer as the command and the API print it.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.store import Store
from outlay.watch.anomalies.anomaly import Anomaly
from outlay.watch.anomalies.find import anomalies
from outlay.watch.anomalies.moves import moves
from outlay.watch.anomalies.settings import Strictness
from outlay.watch.anomalies.slices import SLICES, slices
from outlay.watch.series import DailySeries, read_table

#: What counts in a table and in the ledger, where nobody says otherwise.
TABLE = Strictness()
LEDGER = Strictness(money=Decimal(1))
#: Of so many anomalies it is looked up what moved inside them.
EXPLAINED = 10


def of_table(path: Path, how: Strictness | None = None, *, since: date | None = None) -> dict[str, object]:
    """Return the anomalies of the series of a CSV file of `series,day,amount`; see `watch.series.read_table`.

    Args:
        path: The file.
        how: What counts; None for the defaults.
        since: The first day to tell of; None for all. Days before it are looked at as history.

    Returns:
        `first` and `last`, the days of the table; `series`, how many there are; `anomalies`, see `told`; `problems`,
        the lines that could not be read.

    Raises:
        Unreadable: It is no such file.
        BadInput: No line of it can be used.
    """
    table = read_table(path)
    found = [one for one in anomalies(table, how) if since is None or one.day >= since]
    return {**told(table, found), "problems": list(table.problems)}


def of_ledger(
    store: Store,
    how: Strictness | None = None,
    *,
    by: Sequence[Sequence[str]] = SLICES,
    since: date | None = None,
    explained: int = EXPLAINED,
) -> dict[str, object]:
    """Return the anomalies of the settled days of the ledger, slice by slice.

    Args:
        store: Holds the published ledger.
        how: What counts; None for the defaults with a floor of one unit of the currency.
        by: The dimensions of each kind of slice.
        since: The first day to tell of; None for all that are looked at.
        explained: Of how many anomalies, the newest and largest, it is looked up what moved inside.

    Returns:
        As `of_table`, without problems; each anomaly has its `slice`, values by dimension, and where it was looked up
        what `moved` inside: `dimension`, `value`, `actual`, `before`, `change`. `left_out` says how many small slices
        of a kind were not looked at.

    Raises:
        UnknownName: A dimension is not one of the ledger.
        BadInput: The ledger has no settled day.
    """
    table, values, left_out = slices(store, by)
    found = [one for one in anomalies(table, how or LEDGER) if since is None or one.day >= since]
    answer = told(table, found)
    rows = cast("list[dict[str, object]]", answer["anomalies"])
    ranked = sorted(range(len(found)), key=lambda at: (-found[at].day.toordinal(), -_moved(found[at])))[:explained]
    for at, (one, row) in enumerate(zip(found, rows, strict=True)):
        row["slice"] = values[one.series]
        if at in ranked:
            row["moved"] = [{**asdict(move), "change": move.change} for move in moves(store, one, values[one.series])]
    return {**answer, "left_out": left_out}


def _moved(one: Anomaly) -> Decimal:
    return abs(one.actual - one.expected)


def told(table: DailySeries, found: Sequence[Anomaly]) -> dict[str, object]:
    """Return anomalies as they are printed: without what is not known."""
    rows = []
    for one in found:
        row: dict[str, object] = {name: getattr(one, name) for name in Anomaly.__slots__}
        rows.append({name: value for name, value in row.items() if value is not None})
    return {"first": table.first, "last": table.last, "series": len(table.names), "anomalies": rows}
