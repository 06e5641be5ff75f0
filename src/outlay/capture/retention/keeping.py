"""Keeping: usage events are kept for some days, then removed month by month; the ledger and the roll-ups stay.

A month goes when it ended long enough ago and its published ledger counts every event of it. Anything else stays, and
is named with what to do about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from outlay.capture.retention.removal import Removal, month_of, removals, waiting
from outlay.errors import BadInput
from outlay.store import Store
from outlay.terms.period import Period

#: For how many days events are kept after their month has ended, unless somebody says otherwise.
DAYS = 90
#: A collector files all events of a day as one import, which is as old as the first of them.
_IMPORT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Removed:
    """Events that were removed, or would be.

    Args:
        month: The month.
        events: How many of its events.
        late: Whether they came after the others of the month had been removed.
    """

    month: Period
    events: int
    late: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A month that is old enough, and whose events stay all the same.

    Args:
        month: The month.
        events: How many events it has.
        reason: Why they stay.
        fix: What to do about it.
    """

    month: Period
    events: int
    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class Retained:
    """What became of old usage events.

    Args:
        days: For how many days they are kept.
        dry_run: Whether all was left as it is.
        removed: What was removed, in order of months.
        kept: What is old enough and stays.
        waiting: How many events came for a month after its own had been removed; they are in no ledger.
    """

    days: int
    dry_run: bool
    removed: tuple[Removed, ...]
    kept: tuple[Kept, ...]
    waiting: dict[Period, int]


def retain(store: Store, *, days: int = DAYS, now: datetime, dry_run: bool = False, actor: str = "local") -> Retained:
    """Remove the usage events of months that ended more than some days ago and whose ledger counts all of them.

    Published ledgers, roll-ups, reconciliations and prices stay as they are, and stay for ever: see `refuse_removed`.
    What came late for such a month waits as long from its import on, and goes then.

    Args:
        store: Holds the events.
        days: How long events are kept after the end of their month.
        now: The instant.
        dry_run: Only say what would be done.
        actor: Who does it, for the audit.

    Returns:
        What was removed, what stays and why, and what waits.

    Raises:
        BadInput: `days` is less than 1.
        EngineFailed: The store failed; a month is removed wholly or, when asked again, from where it was left.
    """
    if days < 1:
        raise BadInput(f"events cannot be kept for {days} days", fix="keep them for 1 day or more", code="bad-days")
    before = now - timedelta(days=days)
    earlier = {one.month: one for one in removals(store)}
    done: list[Removed] = []
    kept: list[Kept] = []
    old = [month for month in _months_before(store, before) if month not in earlier]
    begun = [one.month for one in earlier.values() if not one.done]
    for month in sorted({*old, *begun}):
        with store.transaction():
            found = _held(store, month, sealed=earlier.get(month))
            if isinstance(found, Removed) and not dry_run:
                _remove(store, found, now, actor, days)
        if isinstance(found, Removed):
            done.append(found)
        else:
            kept.append(found)
    sealed = [one.month for one in earlier.values() if one.done]
    done += _late(store, sealed, before - _IMPORT, now=now, dry_run=dry_run, actor=actor)
    return Retained(days, dry_run, tuple(sorted(done, key=lambda one: one.month)), tuple(kept), waiting(store))


def _months_before(store: Store, before: datetime) -> list[Period]:
    """Return the months with events that ended before an instant, in order."""
    rows = store.rows("capture/months_before", {"until": before})
    return [month for month in map(month_of, rows) if month.ends_at < before]


def _held(store: Store, month: Period, sealed: Removal | None) -> Removed | Kept:
    """Return the events of a month: as to be removed, or with the reason why not."""
    span = {"month": month.first, "starts_at": month.starts_at, "ends_at": month.ends_at}
    (row,) = store.rows("capture/held", span)
    events, counted = cast(int, row["events"]), cast(int, row["counted"])
    fix = f"outlay run --period {month.name}"
    if sealed:
        return Removed(month, events)
    if row["run"] is None:
        return Kept(month, events, "it has no published ledger, so nothing would be left of it", f"make it: {fix}")
    if events != counted:
        reason = f"its ledger does not count {events - counted:,} of its events, which came after it was made"
        return Kept(month, events, reason, f"make it anew: {fix}")
    return Removed(month, events)


def _remove(store: Store, found: Removed, now: datetime, actor: str, days: int) -> None:
    """Remove a month's events, and what sensors saw of the same calls.

    The month is sealed first: where the engine knows no transactions, a run that comes between then refuses rather than
    making a ledger without usage.
    """
    row = {"month": found.month.first, "removed_at": now, "events": 0, "done": False}
    store.insert("removal", [row])
    for run in [row["run"] for row in store.rows("explain/published") if month_of(row) == found.month]:
        store.delete("observation", run=cast(str, run))
    store.delete_month("usage", found.month.first)
    store.insert("removal", [{**row, "events": found.events, "done": True}])
    _audit(store, found, now, actor, f"ended more than {days} days ago; its ledger and roll-ups stay")


def _late(
    store: Store, sealed: list[Period], taken_before: datetime, *, now: datetime, dry_run: bool, actor: str
) -> Iterator[Removed]:
    """Remove events that came for a month after its own were removed, once they have waited long enough."""
    if not sealed:
        return
    rows = store.rows("capture/late", {"until": sealed[-1].ends_at, "taken_before": taken_before})
    for row in rows:
        found = Removed(month_of(row), cast(int, row["events"]), late=True)
        if found.month not in sealed:
            continue
        if not dry_run:
            with store.transaction():
                store.delete_month("usage", found.month.first, take_in=cast(str, row["take_in"]))
                sums = {"month": found.month.first, "removed_at": now, "events": found.events, "done": True}
                store.insert("removal", [sums])
                _audit(store, found, now, actor, f"came late and were never counted; import {row['take_in']}")
        yield found


def _audit(store: Store, found: Removed, now: datetime, actor: str, why: str) -> None:
    acts = {"done_at": now, "actor": actor, "action": "events-removed", "subject": found.month.name}
    store.insert("audit", [{**acts, "detail": f"{found.events} events: {why}"}])
