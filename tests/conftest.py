"""Fixtures: a store of each engine, empty, for every test that asks for `store`."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import duckdb
import pytest

from outlay.store import Store, open_store

_NUMBERS = count(1)
#: The instant at which tests happen.
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def pytest_report_header() -> str:
    """Name the engines, so that a red run explains itself."""
    import chdb  # noqa: PLC0415 - half a second, only for this line

    return f"engines: duckdb {duckdb.__version__}, clickhouse {chdb.engine_version}"


@pytest.fixture(scope="session")
def clickhouse_folder() -> Iterator[Path]:
    """One folder a process: ClickHouse in-process allows a single one until all handles close."""
    folder = Path(tempfile.mkdtemp(prefix="outlay-chdb-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["duckdb", "clickhouse"])
def store(request: pytest.FixtureRequest, clickhouse_folder: Path) -> Iterator[Store]:
    """An empty store, once per engine. An absent engine fails; it never skips."""
    with fresh(request.param, clickhouse_folder) as made:
        yield made


@contextmanager
def fresh(engine: str, clickhouse_folder: Path) -> Iterator[Store]:
    """Open an empty store of an engine, and drop it afterwards."""
    url = f"chdb://{clickhouse_folder}?database=t{next(_NUMBERS)}"
    made = open_store("duckdb:///:memory:" if engine == "duckdb" else url)
    try:
        yield made
    finally:
        made.drop()


@pytest.fixture
def both(clickhouse_folder: Path) -> Iterator[tuple[Store, Store]]:
    """A DuckDB and a ClickHouse store, both empty, to compare row by row."""
    with fresh("duckdb", clickhouse_folder) as duck, fresh("clickhouse", clickhouse_folder) as click:
        yield duck, click


@pytest.fixture(scope="module", params=["duckdb", "clickhouse"])
def shared(request: pytest.FixtureRequest, clickhouse_folder: Path) -> Iterator[Store]:
    """A store of one engine, once per module."""
    with fresh(request.param, clickhouse_folder) as made:
        yield made


@pytest.fixture(scope="module")
def duck(clickhouse_folder: Path) -> Iterator[Store]:
    """A DuckDB store, once per module."""
    with fresh("duckdb", clickhouse_folder) as made:
        yield made


@pytest.fixture(scope="module")
def click(clickhouse_folder: Path) -> Iterator[Store]:
    """A ClickHouse store, once per module."""
    with fresh("clickhouse", clickhouse_folder) as made:
        yield made


@pytest.fixture
def now() -> datetime:
    """The instant at which tests happen."""
    return NOW
