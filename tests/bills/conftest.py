"""Fixtures of tests of bills."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from outlay.store import Store
from tests.conftest import fresh


@pytest.fixture
def own() -> Iterator[Store]:
    """An empty store of the engine that reads the files, for what the other engine has no part in."""
    with fresh("duckdb", Path()) as made:
        yield made
