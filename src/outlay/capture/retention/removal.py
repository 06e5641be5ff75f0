"""Removal: the months whose usage events are gone, and what came for them afterwards.

Such a month is sealed: its ledger and roll-ups are all that is left of it, so nothing may make them anew.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from outlay.errors import Refused
from outlay.store import Row, Store
from outlay.terms.period import Period


@dataclass(frozen=True, slots=True)
class Removal:
    """One month whose usage events were removed.

    Args:
        month: The month.
        removed_at: When its events began to be removed.
        events: How many have been.
        done: Whether that came to its end; if not, the next removal goes on with it.
    """

    month: Period
    removed_at: datetime
    events: int
    done: bool


def removals(store: Store) -> list[Removal]:
    """Return the months whose usage events were removed, in order."""
    return [
        Removal(
            month_of(row),
            cast(datetime, row["removed_at"]),
            cast(int, row["events"]),
            bool(row["is_done"]),
        )
        for row in store.rows("capture/removed")
    ]


def waiting(store: Store) -> dict[Period, int]:
    """Return how many events came for a month after its own were removed; no ledger counts them."""
    found = removals(store)
    if not found:
        return {}
    rows = store.rows("capture/waiting", {"until": found[-1].month.ends_at})
    return {month_of(row): cast(int, row["events"]) for row in rows}


def refuse_removed(store: Store, months: Collection[Period], *, so: str, fix: str = "") -> None:
    """Refuse what needs the usage events of some months when they were removed.

    Args:
        store: Says what was removed.
        months: Whole months.
        so: What cannot be done therefore, to end the sentence with.
        fix: What to do about it; by default, to ask about the time since.

    Raises:
        Refused: They were (`events-removed`); it says which month first, and when.
    """
    found = [one for one in removals(store) if one.month in months]
    if found:
        first, last = found[0], found[-1]
        raise Refused(
            f"the usage events of {first.month.name} were removed on {first.removed_at:%Y-%m-%d}, {so}",
            fix=fix or f"ask about the time from {last.month.end} on; costs, features and customers still show it all",
            code="events-removed",
        )


def month_of(row: Row) -> Period:
    """Return the month that a row is about."""
    return Period.month(f"{cast(date, row['month']):%Y-%m}")
