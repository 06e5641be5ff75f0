"""States: how final a month's figures are, provider by provider.

*Estimated*: usage times price, no bill yet. *Billed*: there is a bill. *Reconciled*: the bill reaches the month's end,
was held against usage, and what no cause explains is under one percent of it. *Closed*: the figures are final.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

from outlay.store import Row, Store
from outlay.terms.period import Period, next_month

#: From the least final to the most.
STATES = ("estimated", "billed", "reconciled", "closed")
#: What may be without an explanation of a reconciled bill: one part in so many.
_PART = 100


def states(store: Store, period: Period) -> list[Row]:
    """Return how final the published figures of every month are that a period touches.

    Returns:
        One row per month and provider, as the bill names it or else usage: `month` (`YYYY-MM`), `provider`, `state`,
        and `why`, a few words.
    """
    values = {"first": period.first, "end": period.end}
    closed = {cast(date, row["month"]): row for row in store.rows("explain/closed_months")}
    held = {
        (cast(date, row["month"]), str(row["provider"]).lower()): row
        for row in store.rows("explain/reconciled_states", values)
    }
    found: list[Row] = []
    for row in store.rows("explain/billed_states", values):
        month, provider = cast(date, row["month"]), str(row["provider"])
        state, why = _state(row, closed.get(month), held.pop((month, provider.lower()), None))
        found.append({"month": f"{month:%Y-%m}", "provider": provider, "state": state, "why": why})
    for (month, _), row in held.items():
        if month in closed:
            state, why = "closed", _closing(closed[month])
        else:
            state, why = "estimated", "usage times price; no bill of this month was imported"
        found.append({"month": f"{month:%Y-%m}", "provider": row["provider"], "state": state, "why": why})
    return sorted(found, key=lambda row: (str(row["month"]), str(row["provider"]).lower()))


def weakest(rows: Iterable[Row]) -> str | None:
    """Return the least final state of some, None of none.

    >>> weakest([{"state": "closed"}, {"state": "billed"}])
    'billed'
    """
    found = [STATES.index(str(row["state"])) for row in rows]
    return STATES[min(found)] if found else None


def by_provider(rows: Sequence[Row]) -> Mapping[str, str]:
    """Return the least final state of each provider, by its name in small letters."""
    names = {str(row["provider"]).lower() for row in rows}
    return {name: weakest(row for row in rows if str(row["provider"]).lower() == name) or "" for name in names}


def _state(billed: Row, closing: Row | None, held: Row | None) -> tuple[str, str]:
    if closing:
        return "closed", _closing(closing)
    month, last = cast(date, billed["month"]), cast("date | None", billed["last_day"])
    if last is not None and last < next_month(month) - timedelta(days=1):
        return "billed", f"up to {last}"
    if held is None or not held["estimated"] or not held["billed"]:
        return "billed", "no usage to hold it against"
    whole, open_ = cast(Decimal, held["billed"]), cast(Decimal, held["open"])
    if open_ * _PART > whole:
        return "billed", "over 1 % of it is without an explanation: see outlay reconcile"
    return "reconciled", "held against usage; every part of the gap has a cause"


def _closing(closing: Row) -> str:
    return f"by {closing['actor']} on {closing['decided_at']:%Y-%m-%d}"
