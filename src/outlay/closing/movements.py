"""Movements: by how much a run moves a month that was over, for whom, and which imports came in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from outlay.closing.decisions import Closing, closings
from outlay.store import Row, Store
from outlay.terms.period import Period, next_month

_WHO = ("feature", "customer", "team", "currency")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Moved:
    """What one run moved in a month that was over.

    Args:
        month: The month.
        closed: Whether it is closed, so that this is an adjustment and its own figures stay.
        booked_in: The month in which it is shown.
        take_ins: The imports that came in between.
        rows: By feature, customer, team and currency: `before` and `after`.
    """

    month: Period
    closed: bool
    booked_in: Period
    take_ins: tuple[str, ...]
    rows: Sequence[Row]

    @property
    def change(self) -> dict[str, Decimal]:
        """Return by how much the month moves in all, by currency."""
        sums: dict[str, Decimal] = {}
        for row in self.rows:
            currency = cast(str, row["currency"])
            sums[currency] = sums.get(currency, _ZERO) + cast(Decimal, row["after"]) - cast(Decimal, row["before"])
        return sums


def came_since(store: Store, month: Period, since: datetime) -> list[Row]:
    """Return the imports that may have changed a month since an instant: `take_in`, `source`, `taken_at`."""
    span = {"month": month.first, "end": month.end, "starts_at": month.starts_at, "ends_at": month.ends_at}
    return store.rows("closing/came_since", {**span, "since": since})


def move(
    store: Store, month: Period, earlier: str, run: str, *, since: datetime, closing: Closing | None, now: datetime
) -> Moved:
    """Write down by how much a run moves a month, compared with an earlier one and what was adjusted since.

    Args:
        store: Holds the rows of both runs.
        month: The month, which was over when the earlier run was made.
        earlier: The run that it is compared with.
        run: The run.
        since: When the earlier figures were made.
        closing: The closing of the month, if it is closed.
        now: The instant.

    Returns:
        What moved; without rows when nothing did.
    """
    before = _parts(store.rows("closing/figures_by", {"run": earlier}))
    if closing:
        for key, amount in _parts(store.rows("closing/posted", {"month": month.first})).items():
            before[key] = before.get(key, _ZERO) + amount
    after = _parts(store.rows("closing/figures_by", {"run": run}))
    keys = sorted({*before, *after}, key=lambda key: tuple(part or "" for part in key))
    rows: list[Row] = [
        {**dict(zip(_WHO, key, strict=True)), "before": before.get(key, _ZERO), "after": after.get(key, _ZERO)}
        for key in keys
        if before.get(key, _ZERO) != after.get(key, _ZERO)
    ]
    booked = _open_month(store, now) if closing else month
    named = tuple(cast(str, row["take_in"]) for row in came_since(store, month, since))
    moved = Moved(month, closing is not None, booked, named, rows)
    store.insert("movement", (_as_row(moved, row, run, now) for row in rows))
    return moved


def _as_row(moved: Moved, row: Row, run: str, now: datetime) -> Row:
    return {
        "month": moved.month.first,
        "moved_at": now,
        "made_by": run,
        "closed": moved.closed,
        "booked_in": moved.booked_in.first,
        "take_ins": ",".join(moved.take_ins),
        **row,
    }


def _parts(rows: Sequence[Row]) -> dict[tuple[str | None, ...], Decimal]:
    return {tuple(cast("str | None", row[name]) for name in _WHO): cast(Decimal, row["amount"]) for row in rows}


def _open_month(store: Store, now: datetime) -> Period:
    """Return the month of an instant, or the first after it that is not closed."""
    newest = {one.month: one.closed for one in closings(store)}
    month = Period.month(f"{now:%Y-%m}")
    while newest.get(month):
        month = Period(month.end, next_month(month.end))
    return month
