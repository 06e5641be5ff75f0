"""Live: what the last hour cost, minute by minute, a moment after its events arrived.

A minute is a small run of its own: usage times the prices known now, calls that several sensors saw counted once. It
is made anew, whole, when an event of it arrives; nothing is added to what is there. The ledger is made from the same
events when its month is run.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from outlay.cost.stage import price_at
from outlay.prices.book import Book
from outlay.store import Store

#: How long a minute is kept.
KEPT = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_TABLES = ("rollup_minute", "observation", "price_vector")


class Live:
    """The minutes of the last hour.

    Args:
        store: Holds usage and prices.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._runs = {cast(str, row["run"]) for row in store.rows("cost/live_runs")}

    def refresh(self, minutes: Iterable[datetime], *, now: datetime, book: Book) -> int:
        """Make minutes anew, and drop those that are over an hour old.

        Args:
            minutes: Starts of minutes that have new events; what is older than an hour is left to the ledger.
            now: The instant.
            book: Prices known now.

        Returns:
            How many were made.
        """
        oldest = now - KEPT
        wanted = sorted({minute for minute in minutes if oldest <= minute <= now + KEPT})
        for minute in wanted:
            self._make(minute, book)
        for run in sorted(run for run in self._runs if run < _run_of(oldest)):
            self._drop(run)
        return len(wanted)

    def _make(self, minute: datetime, book: Book) -> None:
        run = _run_of(minute)
        month = minute.date().replace(day=1)
        values = {"run": run, "month": month, "starts_at": minute, "ends_at": minute + _MINUTE}
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


def _run_of(minute: datetime) -> str:
    return f"live-{minute:%Y-%m-%dT%H:%M}"
