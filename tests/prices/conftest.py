"""Fixtures: a book with every list price in it, learnt once for each process."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outlay.prices.book import Book
from outlay.prices.learn import seed
from outlay.store import open_store

#: When the book of these tests was learnt.
LEARNT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def book() -> Iterator[Book]:
    """The book as it is after the first seed."""
    store = open_store("duckdb:///:memory:")
    seed(store, now=LEARNT)
    yield Book.load(store, known_at=LEARNT)
    store.drop()


@pytest.fixture
def overlay_file(tmp_path: Path) -> Path:
    """A place for an overlay file."""
    return tmp_path / "overlay.toml"
