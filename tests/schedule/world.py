"""A world of scheduled sources: a clock that a test moves, imports that a test makes, and the watcher between them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from outlay.schedule.config import Source
from outlay.schedule.watch import Watch
from outlay.store import Store
from outlay.terms.take_in import TakeIn

BEGAN = datetime(2026, 11, 2, 8, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = BEGAN

    def __call__(self) -> datetime:
        """Return the instant."""
        return self.now

    def on(self, **length: int) -> None:
        """Move it on."""
        self.now += timedelta(**length)


def source(name: str = "bills", every: str = "6h", **own: object) -> Source:
    """Return a source that imports metrics."""
    length = {"m": "minutes", "h": "hours", "d": "days"}[every[-1]]
    return Source(name, "metrics_csv", (), timedelta(**{length: int(every[:-1])}), **own)  # type: ignore[arg-type]


def brings(day: date | None, landed: int = 1) -> Callable[[Store, Source, datetime, Path], TakeIn]:
    """Return an import that succeeds with rows about a day; none brings nothing new."""

    def importing(store: Store, asked: Source, now: datetime, _: Path) -> TakeIn:
        ident = f"{asked.name}-{now:%Y%m%dT%H%M%S}"
        if day is None:
            earlier = f"{asked.name}-before"
            return TakeIn(earlier, asked.importer, (), 0, 0, repeated=earlier)
        starts_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        ends_at = starts_at + timedelta(days=1)
        row = {"metric": asked.name, "starts_at": starts_at, "ends_at": ends_at, "quantity": 1, "adds_up": True}
        store.insert("metric", [{"take_in": ident, "file": 1, "line": 2, **row}])
        return TakeIn(ident, asked.importer, (), landed, landed)

    return importing


def fails(error: Exception) -> Callable[[Store, Source, datetime, Path], TakeIn]:
    """Return an import that fails."""

    def importing(_store: Store, _asked: Source, _now: datetime, _cache: Path) -> TakeIn:
        raise error

    return importing


@dataclass
class Watched:
    """A watcher over a store and a configuration, and what it said and waited for."""

    watch: Watch
    clock: Clock
    said: list[str] = field(default_factory=list)
    waited: list[timedelta] = field(default_factory=list)


def watched(store: Store, path: Path, clock: Clock, importing: object, *, holder: str = "", rounds: int = 3) -> Watched:
    """Return a watcher that is told to end after so many rounds; to wait moves the clock."""
    said: list[str] = []
    waited: list[timedelta] = []

    @contextmanager
    def opened() -> Iterator[Store]:
        yield store

    def wait(pause: timedelta) -> bool:
        if pause:
            waited.append(pause)
            clock.now += pause
        return len(waited) >= rounds

    watch = Watch(opened, path, path.parent, clock, wait, said.append, importing, holder)  # type: ignore[arg-type]
    return Watched(watch, clock, said, waited)
