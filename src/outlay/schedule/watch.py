"""Watch: imports what is due, round after round, until told to end.

The store is open only during a round, so that other commands can have a DuckDB file in between. Of several watchers on
one store one works, and the others stand by.
"""

import logging
import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

from outlay import flow
from outlay.errors import BadConfig, EngineFailed, OutlayError, StoreHeld
from outlay.schedule import alarms, config
from outlay.schedule.importing import bring_in
from outlay.schedule.lease import HOLDS_AT_WORK, Lease
from outlay.schedule.runner import Importing, run_due
from outlay.schedule.runs import FAILED, IMPORTED, Run, due_at, history
from outlay.store import Store
from outlay.terms.period import Period

TASK = "sources"
#: Between two rounds at most, so that the lease is renewed and a changed configuration is seen; and when it cannot be.
_MOST, _HELD, _STANDING_BY = timedelta(minutes=5), timedelta(seconds=20), timedelta(minutes=1)
_LEAST = timedelta(seconds=1)
_log = logging.getLogger("outlay.schedule")


@dataclass(slots=True)
class Watch:
    """One watcher.

    Args:
        opened: Opens the store for a round.
        path: The configuration.
        cache: A folder that importers keep things in.
        clock: Says what time it is, UTC.
        wait: Waits, and says whether to end.
        say: Is told what happened, a line at a time.
        importing: Imports one source.
        holder: This watcher, among several.
        made: The runs of the last round.
    """

    opened: Callable[[], AbstractContextManager[Store]]
    path: Path
    cache: Path
    clock: Callable[[], datetime]
    wait: Callable[[timedelta], bool]
    say: Callable[[str], object] = print
    importing: Importing = bring_in
    holder: str = ""
    made: list[Run] = field(default_factory=list)
    _config: config.Config | None = None
    _said: dict[str, str] = field(default_factory=dict)
    _leading: bool = False

    def __post_init__(self) -> None:
        """Give the watcher a name that no other has."""
        self.holder = self.holder or f"{socket.gethostname()}:{os.getpid()}:{self.clock():%Y%m%dT%H%M%S%f}"

    def run(self) -> None:
        """Do rounds until `wait` says to end; then let another watcher take over.

        Raises:
            BadConfig: The configuration cannot be used, at the start.
        """
        self._config = config.read(self.path)
        pause = timedelta(0)
        while not self.wait(pause):
            pause = self.round()
        self.end()

    def round(self) -> timedelta:
        """Import what is due, judge how fresh all is, and return how long to wait."""
        try:
            return self.once()
        except StoreHeld as error:
            self._once("store", error.message)
            return _HELD
        except EngineFailed as error:
            self._once("store", str(error))
            return _STANDING_BY

    def once(self) -> timedelta:
        """Do what `round` does, and let it fail when the store does.

        Raises:
            BadConfig: The configuration cannot be used, and never could.
            EngineFailed: The store is held by another process, or failed.
        """
        self._reread()
        with self.opened() as store:
            return self._in(store)

    def end(self) -> None:
        """Let another watcher take over."""
        if not self._leading:
            return
        try:
            with self.opened() as store:
                Lease(store, TASK, self.holder).let_go(self.clock())
        except EngineFailed as error:
            _log.warning("the lease was not let go of, and ends by itself: %s", error)

    def _in(self, store: Store) -> timedelta:
        self._said.pop("store", None)
        self.made = []
        lease = Lease(store, TASK, self.holder)
        if other := lease.take(self.clock()):
            self._leading = False
            self._once("lease", f"{other} watches this store already; standing by")
            return _STANDING_BY
        self._leading = True
        self._said.pop("lease", None)
        found = self._config or config.read(self.path)
        sources = found.sources
        runs = history(store, sources, self.clock())
        if any(due_at(source, runs[source.name], self.clock()) <= self.clock() for source in sources):
            lease.take(self.clock(), HOLDS_AT_WORK)
            self.made = run_due(
                store, sources, self.clock, self.cache, importing=self.importing, ending=lambda: self.wait(timedelta(0))
            )
            for run in self.made:
                self.say(line(run))
            if found.run:
                self._run_months(store)
            runs = history(store, sources, self.clock())
            lease.take(self.clock())
        for finding in alarms.judge(store, sources, runs, self.clock()):
            self._once(f"{finding.rule} {finding.subject}", f"{finding.subject}: {finding.rule}: {finding.evidence}")
        due = [due_at(source, runs[source.name], self.clock()) for source in sources]
        return max(_LEAST, min([_MOST, *(at - self.clock() for at in due)]))

    def _run_months(self, store: Store) -> None:
        """Make the ledgers of the months that got new rows."""
        idents = [run.take_in for run in self.made if run.outcome == IMPORTED and run.take_in and run.landed]
        months = {
            cast(date, row["month"]) for ident in idents for row in store.rows("schedule/months_of", {"take_in": ident})
        }
        for month in sorted(months):
            try:
                flow.run(store, Period.month(f"{month:%Y-%m}"), now=self.clock())
                self.say(f"{month:%Y-%m}: ledger published")
            except EngineFailed:
                raise
            except OutlayError as error:
                self.say(f"{month:%Y-%m} was not run: {error}")

    def _reread(self) -> None:
        """Take up a changed configuration; one that cannot be used leaves the one before in force."""
        try:
            self._config = config.read(self.path)
            self._said.pop("config", None)
        except BadConfig as error:
            if self._config is None:
                raise
            self._once("config", f"{error}; the configuration before stays in force")

    def _once(self, about: str, text: str) -> None:
        """Say something that would otherwise be said every round."""
        if self._said.get(about) != text:
            self._said[about] = text
            self.say(text)


def line(run: Run) -> str:
    """Return a run as one line."""
    again = f"next at {run.next_at:%Y-%m-%d %H:%M} UTC"
    if run.outcome == FAILED:
        return f"{run.source}: failed ({run.error_code}): {run.error}; {again}"
    days = f", up to {run.newest_day}" if run.newest_day else ""
    return f"{run.source}: {run.outcome}, {run.landed:,} rows{days}; {again}"
