"""The ledger as series: what each feature, customer, team or other slice cost on each settled day.

Comes in: the published ledger. Goes out: `DailySeries` up to the last day that no bill is still to change.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

import numpy as np

from outlay.errors import BadInput, UnknownName
from outlay.explain.rows import ledger
from outlay.store import Row, Store
from outlay.store.statement import dimensions_of
from outlay.terms.period import Period, next_month
from outlay.watch.series import DailySeries, Line, gathered

#: What a series is called that names no value.
NOBODY = "(none)"
#: Days before the newest one of a bill that still goes on: clouds finish them within two days.
_UNSETTLED = 2
#: A provider whose bill ends so many days before the newest one is taken to have no more.
STOPPED = timedelta(days=45)
#: Days of history that are read.
HISTORY = 400


def settled_end(month: date, last: date) -> date:
    """Return the first day that a month's bill is still to change, when it reaches up to and including another.

    >>> settled_end(date(2026, 10, 1), date(2026, 10, 18)), settled_end(date(2026, 10, 1), date(2026, 10, 31))
    (datetime.date(2026, 10, 17), datetime.date(2026, 11, 1))
    """
    end = last + timedelta(days=1)
    return end if end >= next_month(month) else end - timedelta(days=_UNSETTLED)


def settled(store: Store) -> Period | None:
    """Return the days of the published ledger that no bill is still to change; None when there are none.

    They end where the first of the bills ends that go on; of a month that is not over its newest two days are left
    out, since they are still being added to.
    """
    first: date | None = None
    ends: dict[str, date] = {}
    whole = {"first": date(1900, 1, 1), "end": date(2299, 1, 1)}
    for row in store.rows("explain/billed_states", whole):
        began, last = cast("date | None", row["first_day"]), cast("date | None", row["last_day"])
        if began is None or last is None:
            continue
        first = min(first or began, began)
        end = settled_end(cast(date, row["month"]), last)
        name = str(row["provider"])
        ends[name] = max(ends.get(name, end), end)
    if first is None:
        return None
    newest = max(ends.values())
    end = min(one for one in ends.values() if one > newest - STOPPED)
    return Period(max(first, end - timedelta(days=HISTORY)), end) if end > first else None


def series_of(
    store: Store, by: Sequence[str], where: Mapping[str, str] | None = None
) -> tuple[DailySeries, list[dict[str, str | None]]]:
    """Return what each slice cost on each settled day, and the value of each dimension for each series.

    Args:
        store: Holds the published ledger.
        by: Dimensions whose values make a series; their names are joined by `/`.
        where: Value by dimension; the empty text asks for what names none.

    Raises:
        UnknownName: A dimension is not one of the ledger.
        BadInput: The ledger has no settled day, or nothing of this slice.
    """
    known = dimensions_of("share")
    for name in (*by, *(where or {})):
        if name not in known:
            raise UnknownName("dimension of the ledger", name, known)
    period = settled(store)
    if period is None:
        raise BadInput(
            "the ledger has no settled day",
            fix="import bills and make the ledger: outlay run",
            code="empty-ledger",
        )
    keys: dict[str, dict[str, str | None]] = {}
    found = gathered(_lines(store, period, by, where or {}, keys))
    if found is None:
        raise BadInput(
            f"nothing of this slice cost anything from {period.first} to {period.end - timedelta(days=1)}",
            fix="leave out --where, or look with outlay costs --by for what there is",
            code="empty-slice",
        )
    return _until(found, period.end), [keys[name] for name in found.names]


def named(row: Row, by: Sequence[str]) -> tuple[str, dict[str, str | None]]:
    """Return the name of the series that a row of the ledger belongs to, and its value of each dimension.

    >>> named({"team": "growth", "model": None, "amount": 3}, ["team", "model"])
    ('growth/(none)', {'team': 'growth', 'model': None})
    """
    values = {name: None if row[name] is None else str(row[name]) for name in by}
    return "/".join(NOBODY if value is None else value for value in values.values()) or "all", values


def _lines(
    store: Store, period: Period, by: Sequence[str], where: Mapping[str, str], keys: dict[str, dict[str, str | None]]
) -> Iterator[Line]:
    for row in ledger(store, period, ("day", *by), where):
        name, values = named(row, by)
        keys[name] = values
        yield Line(name, str(row["currency"]), cast(date, row["day"]), cast(Decimal, row["amount"]))


def _until(found: DailySeries, end: date) -> DailySeries:
    """Return series that go on to the last settled day, with zeros where nothing was billed."""
    lacking = (end - found.last).days - 1
    if lacking <= 0:
        return found
    wider = ((0, 0), (0, lacking))
    return DailySeries(
        names=found.names,
        currencies=found.currencies,
        first=found.first,
        amounts=np.pad(found.amounts, wider),
        born=found.born,
        seen=np.pad(found.seen, wider),
        holidays=np.pad(found.holidays, wider),
        releases=found.releases,
        problems=found.problems,
    )
