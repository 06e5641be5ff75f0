"""Intake: takes batches of events, and lets their senders know once the disk has them.

One thread writes: all batches that came while the disk was busy go to it together. Another files closed segments of the
journal into the store, a moment later; what happens there slows no sender down.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from outlay.capture.intake.answer import Answer, Conflict
from outlay.capture.intake.filing import Filing
from outlay.capture.intake.journal import Journal
from outlay.capture.intake.recent import Recent
from outlay.capture.row import Rows
from outlay.errors import EngineFailed
from outlay.store import Store
from outlay.wire.flaw import Flaw

#: What the journal may hold before senders are asked to wait.
MOST_WAITING = 2 * 1024**3
_MOST_QUEUED = 128 * 1024**2
#: A clock may be wrong by so much; what is further off says nothing about when something happened.
_AHEAD, _BEHIND = timedelta(days=2), timedelta(days=5 * 366)

Record = bytes | dict[str, object] | Flaw


@dataclass(frozen=True, slots=True)
class Offer:
    """A batch that was looked at.

    Args:
        answer: What becomes of its events, as soon as `durable` is done.
        durable: Done when the disk has the batch and all that came before it; fails with `EngineFailed` when it could
            not be written: then none of it was taken.
    """

    answer: Answer
    durable: "Future[None]"


@dataclass(slots=True)
class _Batch:
    lines: list[bytes] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    durable: "Future[None]" = field(default_factory=Future)


class Intake:
    """Takes events in for one store.

    Args:
        store: Where they are filed.
        folder: Of the journal; it should be on a disk of this machine.
        clock: Says what time it is, UTC.
        most_waiting: Bytes that the journal may hold before it is busy.
        filed: Told after each filing which seconds have new events.

    Raises:
        EngineFailed: The journal cannot be used, or the store cannot be read.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        most_waiting: int = MOST_WAITING,
        filed: Callable[[Sequence[datetime]], object] = lambda _seconds: None,
    ) -> None:
        self.journal = Journal(folder)
        self._clock = clock
        self._most_waiting = most_waiting
        self._name = _name_of(folder)
        self._recent = Recent()
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._queue: list[_Batch] = []
        self._queued = 0
        self._closing = False
        self._turn: threading.Event | None = None
        self._line = 0
        self._rows = self._rows_of_segment(self.journal.number)
        self.filing = Filing(store, self.journal, self._turn_over, filed)
        self.filing.remember(self._recent)
        self._writer = threading.Thread(target=self._write, name="outlay-journal", daemon=True)
        self._writer.start()
        self.filing.start()

    def offer(self, records: Iterable[Record], bound: Mapping[str, str] | None = None, *, first: int = 0) -> Offer:
        """Look at a batch of events, and let those that are new be written.

        Args:
            records: Events as JSON, or decoded, or what is wrong with them.
            bound: Dimensions that hold whatever the events say.
            first: Place of the first record in its request.

        Raises:
            EngineFailed: There is no room; ask again later (`busy`), or the intake is closed (`closing`).
        """
        self.admit()
        answer, batch = Answer(), _Batch()
        now = self._clock()
        since, until = now - _BEHIND, now + _AHEAD
        with self._lock:
            if self._closing:
                raise EngineFailed("the collector is stopping", fix="send it again in a moment", code="closing")
            rows, line, recent = self._rows, self._line, self._recent
            for index, record in enumerate(records, start=first):
                line += 1
                made = rows.make(record, line, bound)
                if isinstance(made, Flaw):
                    answer.problems.append((index, made))
                    continue
                if not since <= made.time < until:
                    answer.problems.append((index, _far_off(made.time)))
                    continue
                known = recent.seen(made.id, made.fingerprint)
                if known is None:
                    batch.ids.append(made.id)
                    batch.lines.append(made.rows)
                elif known == made.fingerprint:
                    answer.duplicates += 1
                else:
                    # It is written, too: when it is filed it becomes a problem that can be looked up.
                    batch.lines.append(made.rows)
                    answer.conflicts.append(Conflict(index, made.id))
            answer.accepted = len(batch.ids)
            self._line = line
            self._queue.append(batch)
            self._queued += sum(map(len, batch.lines))
            self._work.notify()
        return Offer(answer, batch.durable)

    def admit(self) -> None:
        """Say whether there is room for more.

        Raises:
            EngineFailed: There is not (`busy`).
        """
        if self._queued > _MOST_QUEUED or self.journal.size > self._most_waiting:
            raise EngineFailed(
                "more events wait to be filed than there is room for",
                fix="send them again after the seconds that Retry-After says",
                code="busy",
            )

    def state(self) -> dict[str, object]:
        """Return how it is: bytes that wait to be filed, and why nothing is filed, where that fails."""
        failing = self.filing.failing
        return {"waiting_bytes": self.journal.size, "failing": failing.message if failing else None}

    def close(self) -> None:
        """Write what was offered, file what was written, and let go of the journal."""
        with self._lock:
            self._closing = True
        self.filing.stop()
        with self._work:
            self._work.notify()
        self._writer.join()
        self.journal.close()

    def _write(self) -> None:
        while True:
            with self._work:
                self._work.wait_for(lambda: self._queue or self._turn or self._closing)
                if self._closing and not self._queue and not self._turn:
                    return
                group, self._queue = self._queue, []
                turn, self._turn = self._turn, None
                if turn:
                    # All lines made so far are in this group: those made from here on go to the next segment.
                    self._line, self._rows = 0, self._rows_of_segment(self.journal.number + 1)
            self._write_group(group)
            if turn:
                self.journal.close_segment()
                turn.set()

    def _write_group(self, group: list[_Batch]) -> None:
        lines = [line for batch in group for line in batch.lines]
        try:
            if lines:
                self.journal.write(lines)
        except EngineFailed as error:
            self._refuse(group, error)
            return
        except Exception as error:  # noqa: BLE001 - a thread that ended would leave senders waiting for ever
            self._refuse(group, EngineFailed(f"events cannot be written: {error!r}", fix="report this"))
            return
        with self._lock:
            self._queued -= sum(map(len, lines))
        for batch in group:
            batch.durable.set_result(None)
        if lines:
            self.filing.wake()

    def _refuse(self, group: list[_Batch], error: EngineFailed) -> None:
        """Take back what could not be written, and all that was answered in the belief that it would be."""
        with self._lock:
            refused, self._queue = group + self._queue, []
            self._queued = 0
            for batch in refused:
                for ident in batch.ids:
                    self._recent.forget(ident)
        for batch in refused:
            batch.durable.set_exception(error)

    def _turn_over(self) -> None:
        """Have the segment being written closed, and return once it is."""
        with self._work:
            turn = self._turn = threading.Event()
            self._work.notify()
        turn.wait()

    def _rows_of_segment(self, number: int) -> Rows:
        return Rows(f"{self._name}-{self._clock():%Y%m%d}", number)


def _far_off(when: datetime) -> Flaw:
    return Flaw("time-far-off", "time", when.isoformat(), "set the clock of the sender; import old events from files")


def _name_of(folder: Path) -> str:
    """Return the name of the collector that owns a folder, made when it has none."""
    path = folder / "name"
    try:
        if not path.exists():
            path.write_text(f"collector-{token_hex(4)}", encoding="ascii")
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise EngineFailed(f"{path} cannot be written: {error.strerror}", fix="make its folder writable") from error
