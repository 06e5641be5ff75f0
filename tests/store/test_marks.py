"""Marks: a text that changes whenever the price book of a store may have."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outlay.errors import EngineFailed
from outlay.store import open_store, price_mark
from tests.laws.world import price

FRONT = Path(__file__).with_name("front.py")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store in a file, closed."""
    found = tmp_path / "store.duckdb"
    open_store(f"duckdb://{found}").close()
    return found


def mark(path: Path) -> str | None:
    """Return the mark of a file."""
    return price_mark(f"duckdb://{path}")


def test_a_mark_stays_as_long_as_no_price_is_touched(path: Path) -> None:
    """Opening, closing, and writing of other things leave it; reading it opens nothing."""
    first = mark(path)
    assert first
    open_store(f"duckdb://{path}").close()
    assert mark(path) == first
    store = open_store(f"duckdb://{path}")
    store.insert("release", [{"take_in": "t", "release": "1", "released_at": datetime(2026, 10, 1, tzinfo=UTC)}])
    store.close()
    assert mark(path) == first


def test_a_mark_changes_with_the_prices(path: Path) -> None:
    """Inserting and deleting prices change it, each time to one that never was."""
    store = open_store(f"duckdb://{path}")
    seen = {mark(path)}
    store.insert("price", [price("m", "input", "1")])
    store.close()
    seen.add(mark(path))
    store = open_store(f"duckdb://{path}")
    store.delete("price", model="m")
    store.close()
    seen.add(mark(path))
    assert len(seen) == 3
    assert None not in seen


def test_who_closes_last_says_what_any_has_done(path: Path) -> None:
    """A file that one process has open twice has one mark, which tells of the changes of both."""
    first = mark(path)
    one, other = open_store(f"duckdb://{path}"), open_store(f"duckdb://{path}")
    one.insert("price", [price("m", "input", "1")])
    other.close()
    assert mark(path) is None
    one.close()
    assert mark(path) not in (None, first)


def test_a_file_that_others_changed_has_no_mark(path: Path, tmp_path: Path) -> None:
    """A backup that is put in its place, or a program that writes to it, takes the mark away until Outlay opens it."""
    first = mark(path)
    kept = tmp_path / "kept"
    shutil.copy(path, kept)
    shutil.copy(kept, path)
    assert mark(path) is None
    open_store(f"duckdb://{path}").close()
    assert mark(path) not in (None, first)
    path.with_name("store.duckdb.wal").write_bytes(b"")
    assert mark(path) is None


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"file": 1, "price": "x"}', "\x00"])
def test_a_note_that_says_nothing_is_none(path: Path, text: str) -> None:
    """Whatever stands in the note's place, it is only believed where it fits."""
    path.with_name("store.duckdb.marks").write_text(text, encoding="utf-8")
    assert mark(path) is None


def test_a_process_that_is_killed_leaves_no_mark(path: Path) -> None:
    """What a process wrote before it was killed is not taken for what was there before it."""
    code = (
        "import os, sys\nfrom outlay.store import open_store\nfrom tests.laws.world import price\n"
        "store = open_store(sys.argv[1])\nstore.insert('price', [price('m', 'input', '1')])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, f"duckdb://{path}"], check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL
    assert mark(path) is None
    store = open_store(f"duckdb://{path}")
    assert store.count("price") == 1
    store.close()
    assert mark(path)


def test_a_file_that_cannot_be_opened_keeps_its_note(path: Path) -> None:
    """A store that fails to open says nothing about the file."""
    note = path.with_name("store.duckdb.marks")
    before = note.read_bytes()
    path.write_bytes(b"no database")
    with pytest.raises(EngineFailed):
        open_store(f"duckdb://{path}")
    assert note.read_bytes() == before


def test_what_is_dropped_or_in_memory_has_no_mark(path: Path) -> None:
    """No file, no note."""
    open_store(f"duckdb://{path}").drop()
    assert list(path.parent.iterdir()) == []
    assert price_mark("duckdb:///:memory:") is None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ClickHouse that answers on loopback."""
    folder = tmp_path_factory.mktemp("server")
    with subprocess.Popen([sys.executable, str(FRONT), str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield f"clickhouse://127.0.0.1:{process.stdout.readline().strip()}/marked"
        process.kill()


def test_a_server_is_asked_for_its_mark(server: str) -> None:
    """It stays while no price is learnt, changes with each, and differs in a store that is made anew."""
    server = server.replace("/marked", "/asked")  # the other tests leave a store in theirs
    assert price_mark(server) is None
    store = open_store(server)
    first = price_mark(server)
    assert first
    assert price_mark(server) == first
    store.insert("price", [price("m", "input", "1")])
    second = price_mark(server)
    store.drop()
    store = open_store(server)
    third = price_mark(server)
    store.drop()
    assert len({first, second, third, None}) == 4


def test_a_server_that_does_not_answer_has_no_mark() -> None:
    """Nobody there is no mark, and no error: whoever opens the store will be told."""
    assert price_mark("clickhouse://127.0.0.1:9/outlay") is None


def test_quotes_of_a_server_come_from_a_copy_in_the_cache(server: str, tmp_path: Path) -> None:
    """The first quote reads the server; the next are answered by a copy, without its driver, until prices change."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "OUTLAY_STORE": server}

    def quoted() -> tuple[object, bool]:
        code = (
            "import sys\nfrom outlay.__main__ import main\n"
            "sys.argv = ['outlay', 'price', 'openai', 'gpt-4o', '--usage', 'input=1000', '--json']\n"
            "try: main()\nexcept SystemExit as end: assert not end.code\n"
            "print('clickhouse_connect' in sys.modules)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        answer, _, loaded = done.stdout.rstrip().rpartition("\n")
        return json.loads(answer), loaded == "True"

    first, loaded = quoted()
    assert loaded
    (copy,) = (tmp_path / "outlay").iterdir()
    assert copy.stat().st_mode & 0o777 == 0o600
    assert quoted() == (first, False)
    store = open_store(server)
    store.insert("price", [price("m", "input", "1")])
    store.close()
    assert quoted() == (first, True)
