"""Courier: the queue events are put into, and the one thread that takes them from there to the outputs.

The caller pays for an append. The thread begins with the first event, sleeps without waking while there is none, and
never outlives its program: at exit it has a moment to send what is left, then the rest goes to the disk.
"""

import os
import sys
from _thread import RLock, allocate_lock
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event, Thread, get_ident
from time import monotonic, sleep, time_ns

from outlay.sdk.output.drops import Drops
from outlay.sdk.output.file import File
from outlay.sdk.output.giving_up import Abandoned, Overtaken
from outlay.sdk.output.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from outlay.sdk.output.delivery import Delivery
    from outlay.terms.usage_event import UsageEvent

    Later = Callable[[], dict[str, object]]

#: A pause after each event while there is no hurry: whatever thread of the host waits for the interpreter gets it now
#: and not when the interpreter's own patience, 5 ms, is over.
_NAP_S = 0.00005
_AN_EVENT = 1024  # bytes, about
_OF_EXIT_TO_SEND, _OF_EXIT_TO_END = 0.6, 0.8
_AFTER_FAILURE_S = 1
_WHILE_WAITING = 100  # events finished between two looks at a socket
_FORK_WAITS_S, _FORK_GRACE_S = 1, 0.1


class Courier:
    """Takes events to where the settings say.

    Args:
        settings: Where to, and how.
        drops: Counts what is lost.
        observers: Called with every event, in the background; the metrics are one.
    """

    def __init__(
        self, settings: Settings, drops: Drops, observers: "tuple[Callable[[UsageEvent], None], ...]" = ()
    ) -> None:
        self.settings = settings
        self._drops = drops
        self._observers = observers
        self._file = File(settings.events) if settings.events else None
        self._making: ModuleType | None = None
        self._needs_thread = bool(settings.sends or observers)
        self._begin()

    def _begin(self) -> None:
        """Set what a new process begins with."""
        self._queue: deque[tuple[Any, ...]] = deque()
        self._held = 0  # bytes in the queue, about; exact enough, and begun anew whenever it is empty
        self._lock = RLock()  # held while something is changed or imported, never while a request waits
        self._bell = allocate_lock()  # locked while there is nothing to wake for
        self._bell.acquire()
        self._idle = False
        self._started = False
        self._thread: Thread | None = None
        self._deliveries: list[Delivery] | None = None
        self._flushes: list[Event] = []
        self._due_s = 0.0
        self._ends_s: float | None = None
        self._sends_until_s = 0.0
        self._rests_s: float | None = None  # from when on the thread rests, because of a fork
        self._overtaken = False
        self._ended = Event()

    def take(self, scope: Mapping[str, object], given: Mapping[str, object], later: "Later | None", size: int) -> None:
        """Take an event: into the file at once when all of it is known, and into the queue for everything else.

        Args:
            scope: What the scopes around the caller say.
            given: Its fields.
            later: The expensive part; it runs in the background.
            size: Bytes that `later` keeps in memory, about.
        """
        item: tuple[Any, ...] = (time_ns(), scope, given, later)
        if self._file is not None and later is None:
            made = self._made(item)
            if made is None or not self._needs_thread:
                return
            item = made
        queue = self._queue
        waiting = len(queue)
        if waiting >= self.settings.queue_events or self._held > self.settings.queue_bytes:
            self._drops.count("queue-full")
            return
        self._held += size + _AN_EVENT
        queue.append(item)
        if self._ended.is_set():
            self._take_late()
        elif not self._started:
            self._start()
        elif self._idle or waiting >= self.settings.batch_events:
            self._ring()

    def flush(self, timeout_s: float) -> bool:
        """Deliver what was taken so far; say whether all of it arrived within the time."""
        if self._thread is None and not self._has_more():
            return self._is_clear()
        if self._thread is not None and self._thread.ident == get_ident():
            return False
        if self._ends_s is not None:
            return self._ended.wait(timeout_s) and self._is_clear()
        if not self._started:
            self._start()
        done = Event()
        self._flushes.append(done)
        self._ring()
        return done.wait(timeout_s) and self._is_clear()

    def _has_more(self) -> bool:
        return bool(self._queue or self._flushes or self._times())

    def _is_clear(self) -> bool:
        return all(delivery.is_clear() for delivery in self._deliveries or ())

    def retire(self, within_s: float) -> None:
        """Deliver what was taken, and end; without waiting for it."""
        if self._ends_s is None:
            self._end_at(within_s)
            self._ring()

    def close(self, within_s: float) -> None:
        """Deliver what was taken, and end; what cannot be delivered in time is written down, else counted."""
        ends_s = self._end_at(within_s)
        if not self._started and self._has_more():
            self._start()
        if self._started and self._thread is not None and self._thread.is_alive():
            self._ring()
            if self._ended.wait(within_s * _OF_EXIT_TO_END):
                return
        if not (self._started or self._has_more()):
            self._ended.set()
        if self._ended.is_set():
            return
        if self._lock.acquire(timeout=max(0.01, ends_s - monotonic())):
            try:
                self._overtaken = True
                self._take_over(ends_s)
            finally:
                self._lock.release()

    def _end_at(self, within_s: float) -> float:
        now_s = monotonic()
        self._sends_until_s = now_s + within_s * _OF_EXIT_TO_SEND
        self._ends_s = now_s + within_s
        return self._ends_s

    def has_ended(self) -> bool:
        """Say whether it has delivered what it had, and is done."""
        return self._ended.is_set() or not (self._started or self._queue)

    def before_fork(self) -> bool:
        """Let the thread end, and wait until nothing is half done or half imported; a child could never finish it.

        Python warns a program that forks while it has several threads. One that has none of its own must not hear
        that because of ours.
        """
        self._rest()
        return self._lock.acquire(timeout=_FORK_WAITS_S)

    def after_fork_in_parent(self) -> None:
        """Go on, with a new thread if there is something to do.

        From Python 3.13 on threads are counted after this: there, the next event begins the thread, a flush, or the
        end of the program.
        """
        rested, self._rests_s = self._rests_s is not None, None
        self._lock.release()
        if rested and (self._thread is None or not self._thread.is_alive()):
            self._thread, self._started = None, False
            if sys.version_info < (3, 13) and self._has_more():
                self._start()

    def after_fork_in_child(self) -> None:
        """Begin anew: what the parent took, the parent delivers."""
        deliveries = self._deliveries or ()
        if self._file is not None:
            self._file.after_fork()
        self._begin()
        for delivery in deliveries:
            with suppress(Exception):
                delivery.after_fork()

    def _rest(self) -> None:
        """Let the thread end at the next point where it can; a request that takes longer is given up, and repeated."""
        thread = self._thread
        if thread is None or thread.ident == get_ident() or self._ends_s is not None:
            return
        self._rests_s = monotonic() + _FORK_GRACE_S
        self._ring()
        thread.join(_FORK_WAITS_S)
        if thread.is_alive():
            self._rests_s = None  # it looks up a name, perhaps; it goes on beside the fork
            return
        task = f"/proc/self/task/{thread.native_id}"
        gone_s = monotonic() + _FORK_GRACE_S
        while os.path.exists(task) and monotonic() < gone_s:  # noqa: PTH110 - the system is slower than Python
            sleep(0)

    # --- the thread ------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Begin the thread; where there can be none, events wait for the end of the program."""
        with self._lock:
            if self._started:
                return
            self._started = True
            self._thread = Thread(target=self._run, name="outlay", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # no more threads, or the interpreter is ending
                self._thread = None
                self._drops.notice("thread", "no thread can be started: events wait until the program ends")
                return
        _end_with_child(self)

    def _ring(self) -> None:
        with suppress(RuntimeError):  # it rings already
            self._bell.release()

    def _run(self) -> None:
        with self._lock, suppress(Exception):  # it is tried again, and complained about, with the first event
            self._loaded()
            self._delivered()
        while not self._overtaken:
            try:
                self._sleep()
                if self._rests_s is None:
                    self._cycle()
                if self._rests_s is not None:
                    return
                if self._ends_s is not None and not self._queue:
                    self._finish()
                    return
            except Overtaken:
                return
            except Exception as error:  # noqa: BLE001 - law 12: the thread goes on, whatever was wrong
                self._drops.count("failed")
                self._drops.notice("failed", f"outlay failed: {type(error).__name__}: {error}")
                if self._ends_s is not None:
                    return  # whoever ends the program takes over
                self._bell.acquire(timeout=_AFTER_FAILURE_S)

    def _sleep(self) -> None:
        """Sleep until there is something to do: for a while when events gather, for ever when there are none."""
        while not self._is_called() and len(self._queue) < self.settings.batch_events:
            times = self._times()
            if self._queue:
                self._due_s = self._due_s or monotonic() + self.settings.every_s
                times.append(self._due_s)
            if not times:
                self._idle = True
                if not self._queue and not self._is_called():
                    self._bell.acquire()
                self._idle = False
                continue
            left_s = min(times) - monotonic()
            if left_s <= 0:
                break
            self._bell.acquire(timeout=left_s)
        self._due_s = 0.0

    def _is_called(self) -> bool:
        """Say whether somebody waits for the thread: for a flush, the end of the program, or a fork."""
        return bool(self._flushes) or self._ends_s is not None or self._rests_s is not None

    def _times(self) -> list[float]:
        """Return when there is something to deliver."""
        return [when for delivery in self._deliveries or () if (when := delivery.next_s()) is not None]

    def _cycle(self) -> None:
        """Take what is queued to where it goes: one batch, or all of it when somebody waits or the program ends."""
        flushes, self._flushes = self._flushes, []
        hurry = bool(flushes)
        while True:
            self._gather(hurry=hurry or self._ends_s is not None)
            if self._ends_s is not None and self._queue and monotonic() < self._ends_s:
                continue  # what is a line can be written down in a moment; sending comes after
            for delivery in self._delivered():
                if self._ends_s is None:
                    delivery.work(now=hurry)
                else:
                    delivery.work_last()
            goes_on = hurry and self._ends_s is None and any(delivery.goes_on() for delivery in self._delivered())
            if self._rests_s is not None:
                self._flushes = flushes + self._flushes  # for the thread after this one
                return
            if not (goes_on or ((hurry or self._ends_s is not None) and self._queue)):
                break
        for done in flushes:
            done.set()

    def _delivered(self) -> "list[Delivery]":
        """Return the deliveries, made when first needed: what they load takes a while."""
        if not self.settings.sends:
            return []
        if self._deliveries is None:
            with self._lock:
                from outlay.sdk.output.receivers import deliveries

                self._deliveries = deliveries(self.settings, self._drops, self._tick, self._lock)
        return self._deliveries

    def _gather(self, most: int = 0, *, hurry: bool = False) -> None:
        """Finish events of the queue, one batch if not said otherwise, and hand them to every output."""
        deliveries = self._delivered()
        for _ in range(most or self.settings.batch_events):
            with self._lock:
                self._check()
                try:
                    item = self._queue.popleft()
                except IndexError:
                    self._held = 0
                    return
                if (made := self._made(item)) is not None:
                    event, line = made
                    for delivery in deliveries:
                        delivery.offer(line)
                    for observe in self._observers:
                        observe(event)
            if self._rests_s is not None:
                return
            if not hurry and len(self._queue) < self.settings.queue_events // 2:
                sleep(_NAP_S)

    def _made(self, item: "tuple[Any, ...]") -> "tuple[UsageEvent, bytes] | None":
        """Return an event and its line, in the file if there is one; None when no import would take it."""
        if len(item) == 2:  # noqa: PLR2004 - a pair was made before, for the file
            return item
        making = self._making or self._loaded()
        try:
            event = making.finished(*item, self.settings.hashing)
            line = making.line_of(event)
        except making.Dropped as dropped:
            self._drops.count(dropped.reason)
            return None
        except Exception as error:  # noqa: BLE001 - law 12: whatever a host or a response holds
            self._drops.count("failed")
            self._drops.notice("failed", f"an event could not be made: {type(error).__name__}")
            return None
        if self._file is not None:
            try:
                self._file.append(line)
            except (OSError, ValueError) as error:
                self._drops.count("file")
                self._drops.notice("file", f"{self._file.path} cannot be written: {error}")
        return event, line

    def _loaded(self) -> "ModuleType":
        """Return what makes events, loaded under the lock: a fork in between would leave it half loaded for ever."""
        with self._lock:
            from outlay.sdk.output import event

            self._making = event
        return event

    def _tick(self) -> bool:
        """Look after what cannot wait for an answer; say whether there is more of it."""
        self._check()
        if self._rests_s is not None and monotonic() > self._rests_s:
            raise Abandoned
        if self._ends_s is None and len(self._queue) < self.settings.queue_events // 2:
            return False
        if self._ends_s is not None and monotonic() > self._sends_until_s:
            raise Abandoned
        self._gather(_WHILE_WAITING, hurry=True)
        if self._ends_s is None:
            for delivery in self._delivered():
                delivery.shelter_much()
        return bool(self._queue)

    def _check(self) -> None:
        if self._overtaken:
            raise Overtaken

    # --- the end ---------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        for delivery in self._delivered():
            delivery.finish()
        for done in self._flushes:
            done.set()
        if self._file is not None:
            self._file.close()
        self._ended.set()
        self._take_late()  # what came in between

    def _take_over(self, ends_s: float) -> None:
        """Finish in place of a thread that has not ended in time, or never began: write down what is left."""
        while self._queue and monotonic() < ends_s:
            item = self._queue.popleft()
            made = self._made(item)
            for delivery in self._delivered():
                if made is not None:
                    delivery.offer(made[1])
        self._drops.count("exit", len(self._queue))
        for delivery in self._delivered():
            delivery.abandon()
        self._ended.set()

    def _take_late(self) -> None:
        """Take what comes when everything has ended: there is the disk, and nothing else."""
        with self._lock:
            while self._queue:
                made = self._made(self._queue.popleft())
                for delivery in self._delivered():
                    if made is not None:
                        delivery.offer(made[1])
                        delivery.abandon()
            self._held = 0


def _end_with_child(courier: Courier) -> None:
    """Make sure that a child of `multiprocessing` delivers what it took: it leaves without ending as programs do."""
    process = sys.modules.get("multiprocessing.process")
    util = sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, courier.close, args=(courier.settings.exit_s,), exitpriority=-100)
