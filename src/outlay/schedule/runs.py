"""Runs: what happened to each scheduled source, and when it is due again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from outlay.schedule.config import Source
from outlay.store import Store

IMPORTED, UNCHANGED, FAILED = "imported", "unchanged", "failed"
#: How far back one looks: longer than any source's `every`.
_KEPT = timedelta(days=200)
_FIRST_WAIT = timedelta(minutes=1)
_DOUBLINGS = 20
#: A run that says it began later than now, by more than this, was written by a clock that was wrong.
_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one source; the columns of `source_run`."""

    source: str
    began_at: datetime
    ended_at: datetime
    outcome: str
    take_in: str | None
    landed: int
    newest_day: date | None
    error_code: str | None
    error: str | None
    next_at: datetime

    def keep(self, store: Store) -> None:
        """Write it into the store."""
        store.insert("source_run", [asdict(self)])


def history(store: Store, sources: Sequence[Source], now: datetime) -> Mapping[str, list[Run]]:
    """Return the runs of each source, the newest last."""
    found: dict[str, list[Run]] = {source.name: [] for source in sources}
    for row in store.rows("schedule/runs", {"since": now - _KEPT}):
        values: dict[str, Any] = row
        if values["source"] in found:
            found[values["source"]].append(Run(**values))
    return found


def due_at(source: Source, runs: Sequence[Run], now: datetime) -> datetime:
    """Return when a source is due: at once when it never ran, or when its last run is in the future."""
    if not runs or runs[-1].began_at > now + _SKEW:
        return now
    last = runs[-1]
    return min(last.next_at, last.began_at + source.every)


def failures(runs: Sequence[Run]) -> int:
    """Return how many runs failed since the last that did not."""
    count = 0
    for run in reversed(runs):
        if run.outcome != FAILED:
            break
        count += 1
    return count


def wait_after(source: Source, failed: int) -> timedelta:
    """Return how long to wait after so many failures: a minute, doubled with each, at most the ordinary time.

    >>> source = Source("a", "focus", (), timedelta(hours=6))
    >>> [str(wait_after(source, n)) for n in (1, 2, 3, 30)]
    ['0:01:00', '0:02:00', '0:04:00', '6:00:00']
    """
    return min(source.every, _FIRST_WAIT * (1 << min(failed - 1, _DOUBLINGS)))


def last_success(runs: Sequence[Run]) -> Run | None:
    """Return the newest run that did not fail."""
    return next((run for run in reversed(runs) if run.outcome != FAILED), None)
