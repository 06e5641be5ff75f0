"""Filing: moves closed segments of the journal into `usage`, each event once, and tells whoever wants to know.

A segment is removed after the store has it. One that was filed when the process ended is filed again, which changes
nothing: its events are known by their ids.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import cast

import msgspec

from outlay.capture.intake.journal import Journal, number_of
from outlay.capture.intake.recent import Recent
from outlay.capture.row import NAMES
from outlay.capture.take_in import conflicts_of, problem_row
from outlay.errors import EngineFailed
from outlay.store import Store

SOURCE = "collector"
#: Between two filings, so that each has many events; and after one that failed.
_PAUSE, _AFTER_FAILURE = 1.0, 5.0
_log = logging.getLogger("outlay.collector")


class _Line(msgspec.Struct):
    """What is read of a line here."""

    take_in: str
    id: str
    fingerprint: str


_decode = msgspec.json.Decoder(_Line).decode


class Filing:
    """Files what a journal holds, in a thread of its own.

    Args:
        store: Where events go.
        journal: Where they come from.
        turn_over: Closes the segment being written.
        filed: Told after each segment which seconds have new events.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        turn_over: Callable[[], None],
        filed: Callable[[Sequence[datetime]], object],
    ) -> None:
        self._store = store
        self._journal = journal
        self._turn_over = turn_over
        self._filed = filed
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outlay-filing", daemon=True)
        #: Why nothing is filed at the moment; None while all goes well.
        self.failing: EngineFailed | None = None

    def start(self) -> None:
        """Begin, with what an earlier process left."""
        self._news.set()
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something to file."""
        self._news.set()

    def stop(self) -> None:
        """File what there is, and end. What cannot be filed now is filed when the next process starts."""
        self._stopping.set()
        self._news.set()
        self._thread.join()

    def remember(self, recent: Recent) -> None:
        """Tell which events came last: the newest of the store, then those that wait to be filed."""
        for row in reversed(self._store.rows("capture/recent")):
            recent.seen(cast(str, row["id"]), cast(str, row["fingerprint"]))
        for segment in self._journal.waiting:
            with segment.open("rb") as lines:
                for line in map(_decode, lines):
                    recent.seen(line.id, line.fingerprint)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._news.wait()
            self._news.clear()
            began = monotonic()
            done = self._file_all()
            self._stopping.wait(max(0.0, (_PAUSE if done else _AFTER_FAILURE) - (monotonic() - began)))
            if not done:
                self._news.set()
        self._file_all()

    def _file_all(self) -> bool:
        """File all there is; say whether that went well."""
        if self._journal.active:
            self._turn_over()
        for segment in self._journal.waiting:
            try:
                seconds = self._file(segment)
            except EngineFailed as error:
                if self.failing is None:
                    _log.warning("events wait in %s: %s", self._journal.folder, error)
                self.failing = error
                return False
            except Exception as error:  # noqa: BLE001 - a thread that ended would leave events waiting for ever
                _log.exception("events wait in %s", self._journal.folder)
                self.failing = EngineFailed(
                    f"events cannot be filed: {error!r}", fix="report this with the server's log; nothing is lost"
                )
                return False
            self._journal.forget(segment)
            self.failing = None
            self._filed(seconds)
        return True

    def _file(self, segment: Path) -> list[datetime]:
        """File one segment, and return the seconds its events are of."""
        with segment.open("rb") as lines:
            take_in = _decode(next(lines)).take_in
        self._clear(take_in)
        self._store.load_lines("arrival", NAMES, segment)
        of_import = {"take_in": take_in}
        try:
            with self._store.transaction():
                if not self._store.count("take_in", take_in=take_in):
                    self._store.insert("take_in", [_committed(take_in)])
                self._store.fill("usage", "capture/accepted", of_import)
                conflicts = conflicts_of(self._store, take_in, {number_of(segment): segment.name})
                self._store.insert("problem", (problem_row(take_in, place, p) for place, p in conflicts))
            return [cast(datetime, row["second"]) for row in self._store.rows("capture/seconds", of_import)]
        finally:
            self._clear(take_in)

    def _clear(self, take_in: str) -> None:
        if self._store.count("arrival", take_in=take_in):
            self._store.delete("arrival", take_in=take_in)


def _committed(take_in: str) -> dict[str, object]:
    """Return the row that makes a collector's day count. Its events come one by one, so it counts none itself."""
    counts = dict.fromkeys(("lines", "landed", "skipped", "problem_lines"), 0)
    return {"take_in": take_in, "source": SOURCE, "taken_at": datetime.now(UTC), **counts}
