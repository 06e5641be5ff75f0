"""Moves: what moved inside a slice of the ledger on the day that stood out.

Comes in: an anomaly and its slice. Goes out: the values of other dimensions that cost more or less than before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

from outlay.explain.rows import ledger
from outlay.store import Store
from outlay.terms.period import Period
from outlay.watch.anomalies.anomaly import Anomaly
from outlay.watch.ledger import NOBODY

#: Where one looks for what moved.
_INSIDE = ("feature", "customer", "model", "service_name")
#: The same weekday of so many weeks before is what a day is held against.
_WEEKS = 4
_SHOWN = 3
#: What moved by less than this part of the whole difference is not worth a line.
_PART = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Move:
    """A part of a slice that moved.

    Args:
        dimension: Which dimension.
        value: Its value; `(none)` for what names none.
        actual: What it cost on the day.
        before: The median of what it cost on the same weekday of the four weeks before.
    """

    dimension: str
    value: str
    actual: Decimal
    before: Decimal

    @property
    def change(self) -> Decimal:
        """What it cost more, or less if negative."""
        return self.actual - self.before


def moves(store: Store, found: Anomaly, slice_: Mapping[str, str | None]) -> list[Move]:
    """Return what moved inside a slice, the largest move first, at most three values of each dimension.

    Args:
        store: Holds the published ledger.
        found: An anomaly of the slice, with its currency.
        slice_: The values of the slice.
    """
    where = {name: value or "" for name, value in slice_.items()}
    if found.currency:
        where["currency"] = found.currency
    days = [found.day - timedelta(days=7 * weeks) for weeks in range(_WEEKS, 0, -1)]
    period = Period(days[0], found.day + timedelta(days=1))
    moved: list[Move] = []
    for dimension in _INSIDE:
        if dimension in slice_:
            continue
        moved += _moved(dimension, _amounts(store, period, dimension, where), days, found)
    return sorted(moved, key=lambda one: (-abs(one.change), one.dimension, one.value))


def _amounts(store: Store, period: Period, dimension: str, where: Mapping[str, str]) -> dict[str, dict[date, Decimal]]:
    amounts: dict[str, dict[date, Decimal]] = {}
    for row in ledger(store, period, ("day", dimension), where):
        value = NOBODY if row[dimension] is None else str(row[dimension])
        amounts.setdefault(value, {})[cast(date, row["day"])] = cast(Decimal, row["amount"])
    return amounts


def _moved(
    dimension: str, amounts: Mapping[str, Mapping[date, Decimal]], days: Sequence[date], found: Anomaly
) -> list[Move]:
    """Return the values of a dimension that moved; none where everything has the same one."""
    if len(amounts) < 2 and NOBODY in amounts:  # noqa: PLR2004 - one value that is none says nothing
        return []
    rows = []
    for value, spent in amounts.items():
        earlier = sorted(spent.get(day, Decimal(0)) for day in days)
        before = (earlier[1] + earlier[2]) / 2
        rows.append(Move(dimension, value, spent.get(found.day, Decimal(0)), before))
    least = abs(found.actual - found.expected) * _PART
    told = [one for one in rows if one.change and abs(one.change) >= least]
    return sorted(told, key=lambda one: (-abs(one.change), one.value))[:_SHOWN]
