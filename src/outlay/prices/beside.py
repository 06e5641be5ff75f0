"""Beside: a snapshot of the price book next to a DuckDB file, so that one quote need not wait for the database.

Comes in: the store's address. Goes out: the book, from the snapshot where nothing has changed that could make it
another one (the store's file, the price sources that are installed, this code), else from the store. The snapshot is
never the truth, and can be deleted at any time.
"""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from outlay.errors import BadInput, Refused
from outlay.prices.book import Book
from outlay.prices.snapshot import Snapshot, book_of, known, write
from outlay.store import Store, open_store

_DUCKDB = "duckdb:"
#: A file that changed this recently may change again without looking different.
_SETTLED_NS = 100_000_000

State = list[object]


def book_for(
    url: str, provider: str, model: str, *, known_at: datetime, learn: Callable[[Store], object], always: bool = False
) -> Book:
    """Return the price book as far as one model needs it.

    Args:
        url: The store's address.
        provider: As usage names it.
        model: As usage names it.
        known_at: The present instant.
        learn: Brings the store's prices up to date; not called where a snapshot shows that they are.
        always: Whether it has something to teach the store in any case.

    Returns:
        A book that says of this model what the store's book says.
    """
    file = _file_of(url)
    before = _state(file) if file else []
    if file and not always:
        with suppress(BadInput):
            found = Snapshot.read(_beside(file))
            if found.note == before and found.known_at <= known_at:
                return found.book(provider, model)
    store = open_store(url)
    try:
        learn(store)
        rows = known(store, known_at)
        whole = len(rows) == store.count("price")  # another clock may have learnt something later than now
    finally:
        store.close()
    if file and whole and _settled(file) and before == _state(file):
        with suppress(Refused):  # a folder that cannot be written to goes without
            write(_beside(file), rows, known_at, note=before)
    return book_of(rows, known_at)


def _file_of(url: str) -> Path | None:
    name = url.removeprefix(_DUCKDB).removeprefix("//")
    return Path(name) if url.startswith(_DUCKDB) and name.strip("/") and not name.endswith(":memory:") else None


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.prices")


def _state(file: Path) -> State:
    """Return what has to be the same for a snapshot to be true."""
    ours = (path for kind in ("*.py", "*.toml", "*.sql") for path in sorted(Path(__file__).parent.rglob(kind)))
    # Installing or removing a package, and with it a price source or its data, changes the folder it is in.
    looked_at = (file, file.with_name(f"{file.name}.wal"), *ours, *map(Path, sys.path[1:]))
    return [sys.version, *(_look(path) for path in looked_at)]


def _look(path: Path) -> list[object]:
    try:
        found = path.stat()
    except OSError:
        return [str(path)]
    return [str(path), found.st_ino, found.st_mtime_ns, found.st_size]


def _settled(path: Path) -> bool:
    return path.stat().st_mtime_ns < time.time_ns() - _SETTLED_NS
