"""Fixtures: a store of each engine, empty, for every test that asks for `store`.

Opening a store takes a hundred times as long as emptying one, so each process opens few and lends them out, empty.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import duckdb
import pytest

from outlay.errors import EngineFailed
from outlay.store import Store, open_store
from tests.laws.world import emptied

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


@pytest.fixture(scope="session")
def lend(clickhouse_folder: Path) -> Iterator[Callable[[str, str], Store]]:
    """Lends an empty store of an engine; whoever asks by the same name gets the same store, emptied again."""
    held: dict[tuple[str, str], Store] = {}

    def lent(engine: str, name: str) -> Store:
        with suppress(EngineFailed, KeyError):
            emptied(held[engine, name])
            return held[engine, name]
        held[engine, name] = _opened(engine, clickhouse_folder)  # the first, or a test closed the one before
        return held[engine, name]

    yield lent
    for store in held.values():
        with suppress(EngineFailed):
            store.drop()


@pytest.fixture(params=["duckdb", "clickhouse"])
def store(request: pytest.FixtureRequest, lend: Callable[[str, str], Store]) -> Store:
    """An empty store, once per engine. An absent engine fails; it never skips."""
    return lend(request.param, "store")


@contextmanager
def fresh(engine: str, clickhouse_folder: Path) -> Iterator[Store]:
    """Open an empty store of an engine, and drop it afterwards."""
    made = _opened(engine, clickhouse_folder)
    try:
        yield made
    finally:
        made.drop()


def _opened(engine: str, clickhouse_folder: Path) -> Store:
    url = f"chdb://{clickhouse_folder}?database=t{next(_NUMBERS)}"
    return open_store("duckdb:///:memory:" if engine == "duckdb" else url)


@pytest.fixture
def both(lend: Callable[[str, str], Store]) -> tuple[Store, Store]:
    """A DuckDB and a ClickHouse store, both empty, to compare row by row."""
    return lend("duckdb", "both"), lend("clickhouse", "both")


@pytest.fixture(scope="module", params=["duckdb", "clickhouse"])
def shared(request: pytest.FixtureRequest, lend: Callable[[str, str], Store]) -> Store:
    """A store of one engine, empty when a module begins."""
    return lend(request.param, "shared")


@pytest.fixture(scope="module")
def duck(lend: Callable[[str, str], Store]) -> Store:
    """A DuckDB store, empty when a module begins."""
    return lend("duckdb", "duck")


@pytest.fixture(scope="module")
def click(lend: Callable[[str, str], Store]) -> Store:
    """A ClickHouse store, empty when a module begins."""
    return lend("clickhouse", "click")


@pytest.fixture
def now() -> datetime:
    """The instant at which tests happen."""
    return NOW
