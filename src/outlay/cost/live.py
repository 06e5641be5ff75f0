"""Live: what the last hour cost, minute by minute, a moment after its events arrived.

Ten seconds are a small run of their own: usage times the prices known now, calls that several sensors saw counted once.
They are made anew, whole, when an event of them arrives; nothing is added to what is there. They are that short so that
much traffic is not priced again and again while its minute lasts. The ledger is made from the same events when its
month is run.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from outlay.cost.stage import price_at
from outlay.prices.book import Book
from outlay.store import Store

#: How long a minute is kept.
KEPT = timedelta(hours=1)
_TEN = timedelta(seconds=10)
_TABLES = ("rollup_minute", "observation", "price_vector")


class Live:
    """The minutes of the last hour.

    Args:
        store: Holds usage and prices.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._runs = {cast(str, row["run"]) for row in store.rows("cost/live_runs")}

    def refresh(self, changed: Iterable[datetime], *, now: datetime, book: Book) -> int:
        """Make anew what has new events, and drop what is over an hour old.

        Args:
            changed: Instants at which something was used; what is older than an hour is left to the ledger.
            now: The instant.
            book: Prices known now.

        Returns:
            How many spans of ten seconds were made.
        """
        oldest = now - KEPT
        wanted = sorted({ten_seconds(instant) for instant in changed if oldest <= instant <= now + KEPT})
        for start in wanted:
            self._make(start, book)
        for run in sorted(run for run in self._runs if run < _run_of(oldest)):
            self._drop(run)
        return len(wanted)

    def _make(self, start: datetime, book: Book) -> None:
        run = _run_of(start)
        month = start.date().replace(day=1)
        values = {"run": run, "month": month, "starts_at": start, "ends_at": start + _TEN}
        with self._store.transaction():
            self._drop(run)
            self._runs.add(run)
            price_at(self._store, book, values)
            self._store.fill("rollup_minute", "cost/rollup_minute", values)

    def _drop(self, run: str) -> None:
        if run in self._runs:
            for table in _TABLES:
                self._store.delete(table, run=run)
            self._runs.discard(run)


def used_lately(store: Store, now: datetime) -> list[datetime]:
    """Return the seconds of the last hour, and of the next, in which something was used."""
    found = store.rows("cost/live_seconds", {"starts_at": now - KEPT, "ends_at": now + KEPT})
    return [cast(datetime, row["second"]) for row in found]


def ten_seconds(instant: datetime) -> datetime:
    """Return the start of the ten seconds that an instant is of.

    >>> ten_seconds(datetime.fromisoformat("2026-10-03T12:00:17.005Z")).isoformat()
    '2026-10-03T12:00:10+00:00'
    """
    return instant.replace(second=instant.second // 10 * 10, microsecond=0)


def _run_of(start: datetime) -> str:
    return f"live-{start:%Y-%m-%dT%H:%M:%S}"
