"""A store of each engine for a whole module of tests; a test empties it before every world."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from outlay.store import Store
from tests.laws.world import opened


@pytest.fixture(scope="module", params=["duckdb", "clickhouse"])
def shared(request: pytest.FixtureRequest, clickhouse_folder: Path) -> Iterator[Store]:
    """A store of one engine, once per module."""
    store = opened(request.param, clickhouse_folder)
    yield store
    store.drop()


@pytest.fixture(scope="module")
def duck(clickhouse_folder: Path) -> Iterator[Store]:
    """A DuckDB store, once per module."""
    store = opened("duckdb", clickhouse_folder)
    yield store
    store.drop()


@pytest.fixture(scope="module")
def click(clickhouse_folder: Path) -> Iterator[Store]:
    """A ClickHouse store, once per module."""
    store = opened("clickhouse", clickhouse_folder)
    yield store
    store.drop()
