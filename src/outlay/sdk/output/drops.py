"""Drops: what was lost on the way, counted by reason, and said through `logging` once for each."""

import sys
from _thread import RLock  # reentrant: a signal handler that records may interrupt a count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger

DEBUG, WARNING = 10, 30  # as in logging, which is not loaded for a host that does without


class Drops:
    """Counters of lost events.

    >>> drops = Drops()
    >>> drops.count("queue-full")
    >>> drops.count("refused", 2)
    >>> drops.by_reason(), drops.total()
    ({'queue-full': 1, 'refused': 2}, 3)
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._counts: dict[str, int] = {}
        self._noticed: set[str] = set()

    def count(self, reason: str, events: int = 1) -> None:
        """Count so many events as lost for a reason, a stable slug."""
        if events > 0:
            with self._lock:
                self._counts[reason] = self._counts.get(reason, 0) + events

    def by_reason(self) -> dict[str, int]:
        """Return how many events were lost, by reason."""
        with self._lock:
            return dict(self._counts)

    def total(self) -> int:
        """Return how many events were lost."""
        return sum(self.by_reason().values())

    def notice(self, what: str, message: str, level: int = WARNING) -> None:
        """Say something to whoever reads the logger `outlay`: once for each `what`, until `forget(what)`."""
        try:
            logger = _logger()
            if logger is not None and what not in self._noticed:
                self._noticed.add(what)
                logger.log(level, "%s", message)
        except Exception:  # noqa: BLE001, S110 - law 12: a host's log handler that fails is not ours to mend
            pass

    def forget(self, what: str) -> bool:
        """Let something be said again; return whether it had been."""
        if what in self._noticed:
            self._noticed.discard(what)
            return True
        return False

    def after_fork(self) -> None:
        """Begin at nothing in a child, whose parent counts on; another thread may have held the lock."""
        self._lock = RLock()
        self._counts = {}


def _logger() -> "Logger | None":
    """Return the logger; None where the host does not log, so that logging is not loaded for its sake."""
    logging = sys.modules.get("logging")
    if logging is None:
        return None
    logger: Logger = logging.getLogger("outlay")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())  # else a host without handlers finds our words in its stderr
    return logger


#: The counters of this process.
DROPS = Drops()
