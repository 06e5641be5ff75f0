"""Fixtures of tests of bills."""

from collections.abc import Callable

import pytest

from outlay.store import Store


@pytest.fixture
def own(lend: Callable[[str, str], Store]) -> Store:
    """An empty store of the engine that reads the files, for what the other engine has no part in."""
    return lend("duckdb", "own")
