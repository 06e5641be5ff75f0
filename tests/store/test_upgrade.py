"""A store of the version before is brought up to date, and keeps what it holds."""

from pathlib import Path

import duckdb
import pytest

from outlay.store import Store, open_store
from outlay.store.clickhouse import ClickHouse
from outlay.store.migrations import NEWEST
from tests.conftest import NOW, fresh

OLD = {"take_in": "old", "source": "focus", "taken_at": NOW, "lines": 3}


def test_an_older_store_is_brought_up_to_date_and_keeps_its_rows(tmp_path: Path) -> None:
    """On DuckDB, missing tables and columns are made, columns with their default; rows stay, views work."""
    path = tmp_path / "store.duckdb"
    store = open_store(f"duckdb://{path}")
    store.insert("take_in", [OLD])
    store.close()
    with duckdb.connect(str(path)) as connection:
        for text in (
            "DROP VIEW current_metric",
            "DROP TABLE metric",
            "ALTER TABLE take_in DROP COLUMN skipped",
            "DELETE FROM migration",
            "INSERT INTO migration VALUES (3, now()::TIMESTAMP)",
        ):
            connection.execute(text)
    store = open_store(f"duckdb://{path}")
    assert (store.count("take_in", take_in="old"), store.count("metric")) == (1, 0)
    store.close()
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT lines, skipped FROM take_in").fetchall() == [(3, 0)]
        assert connection.execute("SELECT max(version) FROM migration").fetchone() == (NEWEST,)
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("UPDATE take_in SET skipped = NULL")
        assert connection.execute("SELECT * FROM current_metric").fetchall() == []


def test_an_older_database_of_clickhouse_is_brought_up_to_date(clickhouse_folder: Path) -> None:
    """On ClickHouse too."""
    with fresh("clickhouse", clickhouse_folder) as store:
        store.insert("take_in", [OLD])
        for text in (
            "DROP VIEW current_metric",
            "DROP TABLE metric",
            "ALTER TABLE take_in DROP COLUMN skipped",
            "TRUNCATE TABLE migration",
            "INSERT INTO migration VALUES (3, now64(6))",
        ):
            ran(store, text)
        again = open_store(store.url)
        assert (again.count("take_in", take_in="old"), again.count("metric")) == (1, 0)
        again.close()


def ran(store: Store, text: str) -> None:
    """Run text of a test's own."""
    assert isinstance(store, ClickHouse)
    store._client().command(text)  # noqa: SLF001 - a test's own text
