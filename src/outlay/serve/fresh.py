"""Fresh: while the server runs, keeps its numbers up with what it collects.

The last hour is priced minute by minute, a second or two after events are filed. A month whose events changed is run
now and then, so that its ledger follows. Events that have been kept for long enough are removed once a day.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import inf
from threading import Condition, Thread
from time import monotonic

from outlay import flow
from outlay.capture.retention import DAYS, retain
from outlay.cost.live import Live, ten_seconds, used_lately
from outlay.errors import EngineFailed, OutlayError
from outlay.prices import learn
from outlay.prices.book import Book
from outlay.store import Store
from outlay.terms.period import Period

#: Seconds between two looks at what changed: at least one, and longer where looking took long, so that senders do not
#: wait for it; and for how long prices are kept before they are read anew.
_PAUSE, _LONGEST_PAUSE, _PRICES = 1.0, 2.5, 60.0
#: How many times as long as a look the pause after it is.
_REST = 4
#: Seconds after which the months are run that had no ledger when the server began.
_FIRST_RUN = 60.0
_DAY, _NEVER = 86_400.0, inf
_log = logging.getLogger("outlay.collector")


class Fresh:
    """Two threads: one for the last hour, one for the months.

    Args:
        store: Holds what is collected.
        clock: Says what time it is, UTC.
        run_every: Time between two runs of months that changed; None means that others run them.
        retain_days: Days for which events are kept after their month has ended; None means that others remove them.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        run_every: timedelta | None = None,
        retain_days: int | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._run_every = run_every.total_seconds() if run_every else _NEVER
        self._retain_days = retain_days
        self._changed = Condition()
        self._spans: set[datetime] = set()
        self._months: set[str] = set()
        self._ending = False
        self._threads = [
            Thread(target=self._keep_minutes, name="outlay-live", daemon=True),
            Thread(target=self._keep_months, name="outlay-run", daemon=True),
        ]

    def start(self) -> None:
        """Begin, with the hour that is over."""
        now = self._clock()
        # This moment too, though nothing is known of it: prices are learnt now and not with the first event.
        self._spans.update(map(ten_seconds, [*used_lately(self._store, now), now]))
        self._months.update(_without_ledger(self._store))
        for thread in self._threads:
            thread.start()

    def filed(self, seconds: Sequence[datetime]) -> None:
        """Hear that seconds have new events."""
        spans = {ten_seconds(second) for second in seconds}
        with self._changed:
            self._spans |= spans
            self._months.update(f"{span:%Y-%m}" for span in spans)
            self._changed.notify_all()

    def stop(self) -> None:
        """End; what is being made is finished first."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _keep_minutes(self) -> None:
        live, book, read_at = None, None, 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._spans or self._ending)
                if self._ending:
                    return
                spans, self._spans = self._spans, set()
            began = monotonic()
            try:
                now = self._clock()
                if book is None or monotonic() - read_at > _PRICES:
                    learn.seed(self._store, now=now)
                    book, read_at = Book.load(self._store, known_at=now), monotonic()
                live = live or Live(self._store)
                live.refresh(spans, now=now, book=book)
            except OutlayError as error:
                _log.warning("the last minutes are not up to date: %s", error)
                with self._changed:
                    self._spans |= spans
            except Exception:  # noqa: BLE001 - a thread that ended would leave the last hour as it is for ever
                _log.exception("the last minutes are not up to date")
            with self._changed:
                rest = _REST * (monotonic() - began)
                self._changed.wait_for(lambda: self._ending, timeout=min(max(_PAUSE, rest), _LONGEST_PAUSE))

    def _keep_months(self) -> None:
        run_at = monotonic() + min(_FIRST_RUN, self._run_every)
        # After the first run: what is removed must be in a ledger.
        remove_at = _NEVER if self._retain_days is None else monotonic() + min(_FIRST_RUN, self._run_every)
        while True:
            with self._changed:
                pause = min(min(run_at, remove_at) - monotonic(), _DAY)
                if self._changed.wait_for(lambda: self._ending, timeout=max(0.0, pause)):
                    return
            if monotonic() >= run_at:
                self._run_months()
                run_at = monotonic() + self._run_every
            if monotonic() >= remove_at:
                self._remove(self._retain_days or DAYS)
                remove_at = monotonic() + _DAY

    def _run_months(self) -> None:
        with self._changed:
            months, self._months = sorted(self._months), set()
        for name in months:
            try:
                flow.run(self._store, Period.month(name), now=self._clock())
            except OutlayError as error:
                _log.warning("%s was not run: %s", name, error)
                if isinstance(error, EngineFailed):  # which passes; anything else waits for somebody or for new events
                    with self._changed:
                        self._months.add(name)
            except Exception:  # noqa: BLE001 - as above: the other months have nothing to do with it
                _log.exception("%s was not run", name)

    def _remove(self, days: int) -> None:
        try:
            retain(self._store, days=days, now=self._clock(), actor="server")
        except OutlayError as error:
            _log.warning("old events were not removed: %s", error)


def _without_ledger(store: Store) -> set[str]:
    made = {f"{row['month']:%Y-%m}" for row in store.rows("explain/published")}
    return {month.name for month in flow.months_with_data(store)} - made
