"""Delivery: what waits for one receiver, and how it gets there: in batches, again after a while, by way of the disk."""

import random
from _thread import RLock
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Protocol

from outlay.sdk.output.connection import Answer, Connection
from outlay.sdk.output.drops import Drops
from outlay.sdk.output.giving_up import Abandoned, Away
from outlay.sdk.output.settings import Settings
from outlay.sdk.output.spool import Spool
from outlay.sdk.output.verdict import Kind, Verdict

_FIRST_WAIT_S, _LEAST_WAIT_S, _LONGEST_WAIT_S = 0.5, 0.05, 60
_MOST_DOUBLINGS = 10
#: How often a process with traffic looks for what others left behind.
_LOOKS_S = 60


class Receiver(Protocol):
    """Whoever takes events: what to send, and what its answers mean."""

    url: str
    headers: dict[str, str]

    def body(self, lines: list[bytes]) -> bytes:
        """Return the body of a request for these events."""

    def verdict(self, answer: Answer, sent: int) -> Verdict:
        """Return what an answer to so many events means."""


class Delivery:
    """Events on their way to one receiver. One thread works; another may take over at the end, under the lock.

    Args:
        receiver: Who takes them.
        settings: Sizes and times.
        spool: Where they wait when the receiver is away; None keeps them in memory, as many as the queue may hold.
        drops: Counts what is lost.
        tick: Called while a request waits; it may raise `Abandoned` or `Overtaken`.
        lock: Held while anything here changes, and never while a request waits.
    """

    def __init__(
        self,
        receiver: Receiver,
        settings: Settings,
        spool: Spool | None,
        drops: Drops,
        tick: Callable[[], bool],
        lock: RLock,
    ) -> None:
        self.spool = spool
        self.failures = 0
        self.stopped = False
        self._waiting: list[bytes] = []
        self._under_way: list[bytes] = []
        self._held = 0  # bytes that wait
        self._receiver = receiver
        self._settings = settings
        self._drops = drops
        self._lock = lock
        self._connection = Connection(receiver.url, settings.timeout_s, tick)
        self._next_s = 0.0
        self._left_alone_until_s = 0.0
        self._given_up = False  # because the program ends
        self._left_behind = spool is not None  # by an earlier process, perhaps
        self._looked_s = monotonic()

    def offer(self, line: bytes) -> None:
        """Take an event to be delivered."""
        if not self._fits(line):
            self.shelter()
        if self._fits(line):
            self._waiting.append(line)
            self._held += len(line)
        else:
            self._drops.count("queue-full")

    def next_s(self) -> float | None:
        """Return when there is something to do, on the monotonic clock; None when nothing is left."""
        if self.stopped or not (self._waiting or self._left_behind):
            return None
        return self._next_s

    def is_clear(self) -> bool:
        """Say whether everything arrived, as far as this process knows."""
        return not (self._waiting or self._left_behind or self.failures or self.stopped)

    def goes_on(self) -> bool:
        """Say whether there is more that can be delivered right now."""
        return bool(self._waiting or self._left_behind) and not self.failures and not self.stopped

    def work(self, *, now: bool = False) -> None:
        """Deliver what waits, if it is time to try; what cannot be delivered goes to the spool.

        Args:
            now: Try even if the last attempt failed just before, unless the receiver asked to be left alone.
        """
        arrives, self._given_up = True, False
        while arrives and self._waiting and self._may_try(now=now):
            arrives = self._deliver_next()
        if self.failures or self.stopped:
            self.shelter()
        if self.spool is not None and monotonic() - self._looked_s > _LOOKS_S:
            self._left_behind = True
        if arrives and self._left_behind and not self._waiting and self._may_try(now=now):
            self._recover()

    def shelter_much(self) -> None:
        """Write down what waits when it is a lot, while a request takes its time."""
        if self.spool is not None and len(self._waiting) >= 2 * self._settings.batch_events:
            self.shelter()

    def shelter(self) -> None:
        """Write down what waits; what the disk does not take waits on in memory."""
        with self._lock:
            if self._waiting and self._is_written(self._waiting):
                self._replace([])
            elif self.stopped:
                self._drops.count("key", len(self._waiting))
                self._replace([])

    def abandon(self) -> None:
        """Write down everything that did not arrive for certain; what the disk does not take is lost."""
        with self._lock:
            lines, self._under_way = self._under_way + self._waiting, []
            self._replace([])
            if lines and not self._is_written(lines):
                self._drops.count("key" if self.stopped else "exit", len(lines))
            if self.spool is not None:
                self.spool.roll()

    def work_last(self) -> None:
        """Deliver what waits while the program ends, unless the receiver was away the last time."""
        while self._waiting and not (self.failures or self.stopped or self._given_up) and self._deliver_next():
            pass

    def finish(self) -> None:
        """End: write down what did not arrive."""
        self.abandon()
        self._connection.close()

    def after_fork(self) -> None:
        """Leave connection and files to the parent."""
        self._connection.close()
        if self.spool is not None:
            self.spool.after_fork()

    def _may_try(self, *, now: bool) -> bool:
        moment_s = monotonic()
        return not self.stopped and moment_s >= (self._left_alone_until_s if now else self._next_s)

    def _fits(self, line: bytes) -> bool:
        return len(self._waiting) < self._settings.queue_events and self._held + len(line) <= self._settings.queue_bytes

    def _replace(self, lines: list[bytes]) -> None:
        self._waiting = lines
        self._held = sum(map(len, lines))

    def _is_written(self, lines: list[bytes]) -> bool:
        """Say whether the spool took events."""
        if self.spool is None:
            return False
        try:
            self.spool.append(lines)
        except OSError as error:
            self._drops.notice("spool", f"events cannot wait on disk: {error}")
            return False
        self._left_behind = True
        return True

    def _deliver_next(self) -> bool:
        """Send what waits longest; say whether it arrived, or never will."""
        with self._lock:
            batch = next(self._batches(self._waiting))
            self._replace(self._waiting[len(batch) :])
            self._under_way = batch
        left = self._send(batch, watched=True)
        with self._lock:
            self._under_way = []
            self._replace(left + self._waiting)
        return not left

    def _batches(self, lines: list[bytes]) -> Iterator[list[bytes]]:
        """Cut events into pieces that are no larger than a request should be."""
        first = size = 0
        for at, line in enumerate(lines):
            if at > first and (
                at - first >= self._settings.batch_events or size + len(line) > self._settings.batch_bytes
            ):
                yield lines[first:at]
                first, size = at, 0
            size += len(line)
        yield lines[first:]

    def _send(self, lines: list[bytes], *, watched: bool = False) -> list[bytes]:
        """Send events; return those that did not arrive and may later."""
        pieces = [lines]
        while pieces:
            if watched:
                self._under_way = [line for piece in pieces for line in piece]
            try:
                verdict = self._asked(pieces[-1])
            except (MemoryError, ValueError, TypeError, LookupError) as error:
                self._drops.count("failed", len(pieces.pop()))  # trying again would fail again
                self._drops.notice("failed", f"events could not be sent: {type(error).__name__}")
                continue
            if verdict.kind in (Kind.AWAY, Kind.STOP):
                return [line for piece in pieces for line in piece]
            pieces += self._left(pieces.pop(), verdict)
        return []

    def _asked(self, lines: list[bytes]) -> Verdict:
        """Send one request, and remember whether the receiver is there."""
        url = self._receiver.url
        try:
            answer = self._connection.post(self._receiver.body(lines), self._receiver.headers)
            verdict = self._receiver.verdict(answer, len(lines))
        except Away as error:
            verdict = Verdict(Kind.AWAY, why=str(error))
        except Abandoned:
            self._given_up = True
            return Verdict(Kind.AWAY)
        if verdict.kind is Kind.STOP:
            self.stopped = True
            self._drops.notice(f"key {url}", f"{url} does not accept the key: nothing is sent to it any more")
        elif verdict.kind is Kind.AWAY:
            self.failures += 1
            most_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(self.failures - 1, _MOST_DOUBLINGS))
            self._left_alone_until_s = monotonic() + verdict.wait_s
            # All of the wait is chance, so that processes that failed together do not come back together.
            self._next_s = monotonic() + max(_LEAST_WAIT_S, verdict.wait_s, random.uniform(0, most_s))  # noqa: S311
            self._drops.notice(f"away {url}", f"{url} is away ({verdict.why}): events wait")
        else:
            if self._drops.forget(f"away {url}"):
                self._drops.notice(f"back {url}", f"{url} is back")
                self._drops.forget(f"back {url}")
            self.failures, self._next_s, self._left_alone_until_s = 0, 0.0, 0.0
        return verdict

    def _left(self, lines: list[bytes], verdict: Verdict) -> list[list[bytes]]:
        """Count what a receiver will never take, and return what is to be sent again, in another form."""
        half = len(lines) // 2
        if verdict.kind is Kind.SPLIT and half:
            return [lines[half:], lines[:half]]
        if verdict.kind is Kind.SPLIT:
            self._drops.count("too-large")
        elif verdict.kind is Kind.REFUSED:
            self._drops.count("refused", len(lines))
        for reason in verdict.bad.values():
            self._drops.count(reason)
        self._drops.count("refused", verdict.lost)
        if verdict.kind is not Kind.TAKEN or verdict.bad or verdict.lost:
            self._drops.notice("refused", f"{self._receiver.url} does not take some events ({verdict.why})")
        rest = [line for at, line in enumerate(lines) if at not in verdict.bad] if verdict.kind is Kind.MEND else []
        return [rest] if rest else []

    def _recover(self) -> None:
        """Deliver one file of the spool, be it of an earlier process or of another that could not."""
        if self.spool is None:
            return
        with self._lock:
            claimed = self.spool.claim()
            self._left_behind = claimed is not None
            self._looked_s = monotonic()
        if claimed is None:
            return
        path, lines, corrupt = claimed
        self._drops.count("corrupt", corrupt)
        arrived = all(not self._send(batch) for batch in self._batches(lines)) if lines else True
        with self._lock:
            if arrived:
                self.spool.remove(path)
            else:
                self.spool.release(path)
