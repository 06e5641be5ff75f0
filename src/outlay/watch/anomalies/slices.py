"""Slices of the ledger as series: features, customers, teams, models, accounts, and services by environment.

Comes in: the published ledger. Goes out: what each slice cost on each settled day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

from outlay.errors import BadInput, UnknownName
from outlay.explain.rows import bounds, of_ledger
from outlay.store import Store
from outlay.store.statement import dimensions_of
from outlay.terms.period import Period
from outlay.watch.ledger import NOBODY, settled
from outlay.watch.series import DailySeries, Line, gathered

#: What is looked at when nobody says what.
SLICES: tuple[tuple[str, ...], ...] = (
    ("feature",),
    ("customer",),
    ("team",),
    ("model",),
    ("sub_account_name",),
    ("service", "environment"),
)
#: Of each, so many of the dearest.
MOST = 1_000
#: Days of history that are read: what a baseline needs, and the quarter before.
HISTORY = 200
_NEVER = {"currency", "day", "month"}
_OF_BILLS = {"provider", "sub_account_name", "service_name", "charge_category"}
Slice = Mapping[str, str | None]


def slices(
    store: Store, asked: Sequence[Sequence[str]] = SLICES, *, most: int = MOST
) -> tuple[DailySeries, dict[str, Slice], dict[str, int]]:
    """Return what each slice of the ledger cost on each settled day.

    Args:
        store: Holds the published ledger.
        asked: The dimensions of each kind of slice.
        most: How many slices of a kind are looked at, the dearest.

    Returns:
        The series; the values of each, by its name; and how many slices were left out, by kind.

    Raises:
        UnknownName: A dimension is not one of the ledger.
        BadInput: The ledger has no settled day.
    """
    known = [name for name in dimensions_of("share") if name not in _NEVER]
    for name in (name for one in asked for name in one):
        if name not in known:
            raise UnknownName("dimension of the ledger", name, known)
    values: dict[str, Slice] = {}
    left_out: dict[str, int] = {}
    period = settled(store)
    found = None
    if period:
        recent = Period(max(period.first, period.end - timedelta(days=HISTORY)), period.end)
        found = gathered(_lines(store, recent, asked, most, values, left_out))
    if found is None:
        raise BadInput(
            "the ledger has no settled day", fix="import bills and make the ledger: outlay run", code="empty-ledger"
        )
    return found, values, left_out


def _lines(
    store: Store,
    period: Period,
    asked: Sequence[Sequence[str]],
    most: int,
    values: dict[str, Slice],
    left_out: dict[str, int],
) -> Iterator[Line]:
    line = None
    for by in asked:
        given = {**bounds(period), "most": most}
        # What only bills know is asked of pools: shares add up to them, and what rules pass on is booked on both sides.
        table = "pool" if {*by} <= _OF_BILLS else of_ledger(period, ("day", *by), {})
        rows = store.rows("watch/dearest_days", given, table=table, by=by)
        if rows and (more := cast(int, rows[0]["left_out"])) > 0:
            left_out[",".join(by)] = more
        for row in rows:
            slice_ = {name: None if row[name] is None else str(row[name]) for name in by}
            if not any(slice_.values()):
                continue  # whatever has no owner is one heap of many things, and is told of elsewhere
            name = ", ".join(f"{dimension}={value or NOBODY}" for dimension, value in slice_.items())
            values[name] = slice_
            line = Line(name, str(row["currency"]), cast(date, row["day"]), cast(Decimal, row["amount"]))
            yield line
    if line:  # days at the end on which nothing cost anything are days too
        yield replace(line, day=period.end - timedelta(days=1), amount=Decimal(0))
