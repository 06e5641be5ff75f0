from pathlib import Path

import pytest

from outlay.errors import EngineFailed
from outlay.store import Store, open_store
from outlay.store.clickhouse import ClickHouse
from outlay.store.duckdb import DuckDB
from tests.laws.world import MONTH, event, read

#: Texts that a statement may trip over.
TEXTS = ["o'brien\\", 'a"b', "{x}", "$x", "tab\tand\nline", "Zoë ␟ 🦆", "%", "erased-{texts:Array(String)}"]


def test_texts_are_found_and_replaced_exactly(store: Store) -> None:
    """As a value and as the value of a tag, whatever stands in them; what is only alike stays, and so does nothing."""
    rows = [event(n, user=text, session=f"{text}0", tags={"login": text, text: "key"}) for n, text in enumerate(TEXTS)]
    store.insert("usage", [*rows, event(99)])
    names = ["user", "session", "tags"]
    assert store.holding("usage", names, TEXTS) == {"user": len(TEXTS), "session": 0, "tags": len(TEXTS)}
    assert store.holding("usage", ["user"], ["nobody"]) == {"user": 0}
    puts = {text: f"p{n}" for n, text in enumerate(TEXTS)}
    store.replace("usage", "user", puts)
    store.replace("usage", "tags", puts)
    found = read(store, 'SELECT "line", "user", session, tags FROM "usage" ORDER BY "line"')
    for row, text in zip(found, TEXTS, strict=False):
        assert (row["user"], row["session"]) == (puts[text], f"{text}0")
        assert row["tags"] == {"login": puts[text], text: "key"}
    assert found[-1]["user"] is None
    assert store.holding("usage", names, TEXTS) == dict.fromkeys(names, 0)


def test_a_month_is_deleted_wholly_or_by_value(store: Store) -> None:
    """Only the rows of that month that have the values, or all of them."""
    store.insert("usage", [event(n, day=day, take_in=name) for n, (day, name) in enumerate(_PLACES)])
    store.delete_month("usage", MONTH.first, take_in="b")
    assert _left(store) == [0, 1, 3]
    store.delete_month("usage", MONTH.first)
    assert _left(store) == [0, 3]


def test_a_scrubbed_file_holds_nothing_of_what_was_replaced(tmp_path: Path) -> None:
    """DuckDB's file is written anew: the same rows and views, without the bytes of before."""
    path = tmp_path / "it's.duckdb"
    store = DuckDB(path)
    store.insert("usage", (event(n, user="somebody-secret") for n in range(5_000)))
    store.execute("CHECKPOINT")
    store.replace("usage", "user", {"somebody-secret": "p"})
    store.scrub()
    assert b"somebody-secret" not in path.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == [path.name, f"{path.name}.marks"]
    again = open_store(f"duckdb://{path}")
    assert again.count("usage", user="p") == 5_000
    assert read(again, "SELECT COUNT(*) AS n FROM ledger") == [{"n": 0}]
    again.close()


def test_a_file_that_is_open_twice_is_not_scrubbed(tmp_path: Path) -> None:
    """The other one would go on writing to the old file."""
    path = tmp_path / "store.duckdb"
    one, other = DuckDB(path), DuckDB(path)
    with pytest.raises(EngineFailed, match="open twice"):
        one.scrub()
    one.close()
    other.scrub()
    assert path.is_file()


def test_rows_that_clickhouse_only_hides_are_gone_after_a_scrub(clickhouse_folder: Path) -> None:
    """A deleted row is masked at first; scrubbed parts have no mask."""
    url = f"chdb://{clickhouse_folder}?database=scrubbed"
    store = open_store(url)
    store.insert("usage", [event(1, user="somebody"), event(2)])
    store.delete("usage", user="somebody")
    masked = (
        "SELECT SUM(has_lightweight_delete) AS parts FROM system.parts WHERE active AND database = currentDatabase()"
    )
    assert read(store, masked) == [{"parts": 1}]
    store.scrub()
    again = open_store(url)
    assert isinstance(again, ClickHouse)
    assert read(again, masked) == [{"parts": 0}]
    assert again.count("usage") == 1
    again.drop()


_PLACES = [(0, "b"), (1, "a"), (31, "b"), (32, "b")]


def _left(store: Store) -> list[object]:
    return [row["line"] for row in read(store, 'SELECT "line" FROM "usage" ORDER BY "line"')]
