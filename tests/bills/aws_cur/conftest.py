"""A fresh DuckDB store, for tests of what a report becomes; what both engines hold alike is tested once."""

from collections.abc import Iterator

import pytest

from outlay.store import Store, open_store


@pytest.fixture
def duck_store() -> Iterator[Store]:
    """An empty DuckDB store in memory."""
    made = open_store("duckdb:///:memory:")
    try:
        yield made
    finally:
        made.drop()
