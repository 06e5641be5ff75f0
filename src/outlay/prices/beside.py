"""Beside: a copy of the price book, so that one quote need not wait for the database.

Comes in: the store's address. Goes out: the book, from the copy where nothing has changed that could make it another
one (the store's prices, the price sources that are installed, this code), else from the store. The copy stands beside
a DuckDB file, and in the user's cache folder for a server. It is never the truth, and can be deleted at any time.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from outlay.errors import BadInput, Refused
from outlay.prices.book import Book
from outlay.prices.snapshot import Row, Snapshot, book_of, known, write
from outlay.store import Store, open_store, price_mark

_DUCKDB, _SERVER = "duckdb:", "clickhouse:"


def book_for(
    url: str, provider: str, model: str, *, known_at: datetime, learn: Callable[[Store], object], always: bool = False
) -> Book:
    """Return the price book as far as one model needs it.

    Args:
        url: The store's address.
        provider: As usage names it.
        model: As usage names it.
        known_at: The present instant.
        learn: Brings the store's prices up to date; not called where a copy shows that they are.
        always: Whether it has something to teach the store in any case.

    Returns:
        A book that says of this model what the store's book says.
    """
    place = _place(url)
    if place and not always and (mark := price_mark(url)):
        with suppress(BadInput):
            found = Snapshot.read(place)
            if found.note == [mark, *_state()] and found.known_at <= known_at:
                return found.book(provider, model)
    store = open_store(url)
    try:
        learn(store)
        rows = known(store, known_at)
        whole = len(rows) == store.count("price")  # another clock may have learnt something later than now
    finally:
        store.close()
    if whole:
        keep(url, rows, known_at)
    return book_of(rows, known_at)


def keep(url: str, rows: Sequence[Row], known_at: datetime) -> None:
    """Keep a copy of a store's whole price book for the questions to come, where there is a place for it.

    Args:
        url: The store's address; the store is closed.
        rows: All its records, as `known` returns them.
        known_at: When they were what was known.
    """
    place, mark = _place(url), price_mark(url)
    if place and mark:
        with suppress(Refused, OSError):  # a folder that cannot be written to goes without
            place.parent.mkdir(parents=True, exist_ok=True)
            write(place, rows, known_at, note=[mark, *_state()])


def refresh(url: str, known_at: datetime) -> None:
    """Make the copy anew where prices have changed since, so that the next question need not.

    Args:
        url: The store's address; the store is closed.
        known_at: The present instant.
    """
    place, mark = _place(url), price_mark(url)
    if place is None or mark is None:
        return
    with suppress(BadInput):
        if Snapshot.read(place).note == [mark, *_state()]:
            return
    store = open_store(url)
    try:
        rows = known(store, known_at)
        whole = len(rows) == store.count("price")
    finally:
        store.close()
    if whole:
        keep(url, rows, known_at)


def _place(url: str) -> Path | None:
    """Return where a copy stands; None where there is no need of one."""
    if url.startswith(_DUCKDB):
        name = url.removeprefix(_DUCKDB).removeprefix("//")
        return Path(f"{name}.prices") if name.strip("/") and not name.endswith(":memory:") else None
    if not url.startswith(_SERVER):
        return None
    from hashlib import sha256  # noqa: PLC0415 - likewise

    from platformdirs import user_cache_path  # noqa: PLC0415 - only a server needs it

    # The address may hold a password, and every user has a cache folder of their own.
    return user_cache_path("outlay", appauthor=False) / f"{sha256(url.encode()).hexdigest()[:32]}.prices"


def _state() -> list[object]:
    """Return what has to be the same for a copy to be true, beside the store's prices."""
    ours = (path for kind in ("*.py", "*.toml", "*.sql") for path in sorted(Path(__file__).parent.rglob(kind)))
    # Installing or removing a package, and with it a price source or its data, changes the folder it is in.
    return [sys.version, *(_look(path) for path in (*ours, *map(Path, sys.path[1:])))]


def _look(path: Path) -> list[object]:
    try:
        found = path.stat()
    except OSError:
        return [str(path)]
    return [str(path), found.st_ino, found.st_mtime_ns, found.st_size]
