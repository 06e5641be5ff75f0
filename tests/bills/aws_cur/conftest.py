"""A DuckDB store, empty, for tests of what a report becomes; what both engines hold alike is tested once."""

from collections.abc import Callable

import pytest

from outlay.store import Store


@pytest.fixture
def duck_store(lend: Callable[[str, str], Store]) -> Store:
    """An empty DuckDB store in memory."""
    return lend("duckdb", "duck_store")
