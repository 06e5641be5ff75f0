import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from pathlib import Path

import pytest

from outlay.errors import BadConfig, SourceFailed, StoreHeld
from outlay.schedule.lease import Lease
from outlay.store import Store
from tests.conftest import fresh
from tests.schedule.test_config import written
from tests.schedule.world import BEGAN, Clock, brings, fails, watched

DAY = date(2026, 11, 1)
CONFIG = """
run = false
[[source]]
name = "bills"
import = "metrics_csv"
every = "3m"
"""


@pytest.fixture
def duck(clickhouse_folder: Path) -> Iterator[Store]:
    """An empty DuckDB store for every test."""
    with fresh("duckdb", clickhouse_folder) as made:
        yield made


def test_a_watcher_imports_as_often_as_configured(store: Store, tmp_path: Path) -> None:
    """It waits until the next source is due, and ends when it is told to, leaving the task to others."""
    one = watched(store, written(tmp_path, CONFIG), Clock(), brings(DAY))
    one.watch.run()
    assert store.count("source_run") == 3
    assert one.waited == [timedelta(minutes=3)] * 3
    assert one.said[0].startswith("bills: imported, 1 rows, up to 2026-11-01; next at 2026-11-02 08:03 UTC")
    assert Lease(store, "sources", "another").take(one.clock()) is None


def test_of_two_watchers_one_works(store: Store, tmp_path: Path) -> None:
    """The other stands by, says so once, and takes over when the first no longer says that it is there."""
    path, clock = written(tmp_path, CONFIG), Clock()
    first = watched(store, path, clock, brings(DAY), holder="first")
    second = watched(store, path, clock, brings(DAY), holder="second")
    first.watch.round()
    for _ in range(2):
        assert second.watch.round() == timedelta(minutes=1)
    assert second.said == ["first watches this store already; standing by"]
    assert store.count("source_run") == 1
    clock.on(minutes=11)
    second.watch.round()
    assert store.count("source_run") == 2
    first.watch.round()
    assert first.said[-1] == "second watches this store already; standing by"


def test_a_configuration_that_is_changed_is_taken_up(duck: Store, tmp_path: Path) -> None:
    """One that cannot be used leaves the one before in force, and that is said; at the start it is refused."""
    path, clock = written(tmp_path, CONFIG), Clock()
    one = watched(duck, path, clock, brings(DAY))
    one.watch.round()
    written(tmp_path, "[[source")
    clock.on(minutes=3)
    one.watch.round()
    assert duck.count("source_run") == 2
    assert "the configuration before stays in force" in one.said[-2]
    written(tmp_path, CONFIG.replace('"bills"', '"other"'))
    one.watch.round()
    assert duck.count("source_run", source="other") == 1
    written(tmp_path, "[[source")
    with pytest.raises(BadConfig):
        watched(duck, path, clock, brings(DAY)).watch.run()


def test_a_store_that_another_process_has_is_waited_for(tmp_path: Path) -> None:
    """It is said once, and tried again soon; nothing is lost."""
    one = watched(None, written(tmp_path, CONFIG), Clock(), brings(DAY))  # type: ignore[arg-type]

    def held() -> AbstractContextManager[Store]:
        raise StoreHeld("the store is held", fix="wait", note=tmp_path)

    one.watch.opened = held
    assert [one.watch.round() for _ in range(2)] == [timedelta(seconds=20)] * 2
    assert one.said == ["the store is held"]


def test_a_finding_is_said_once(duck: Store, tmp_path: Path) -> None:
    """And recorded, so that whoever looks later sees it."""
    one = watched(duck, written(tmp_path, CONFIG), Clock(), fails(SourceFailed("gone", code="denied")))
    one.watch.run()
    assert len([line for line in one.said if "source-failing" in line and "failed once" in line]) == 1
    assert duck.count("finding") >= 1


def test_months_that_got_rows_are_run(duck: Store, tmp_path: Path) -> None:
    """After an import the ledger follows by itself."""
    path = written(tmp_path, CONFIG.replace("run = false\n", ""))
    one = watched(duck, path, Clock(BEGAN), brings(DAY))
    one.watch.round()
    assert one.said[-1] == "2026-11: ledger published"
    assert duck.count("publication") == 1


def test_sigterm_ends_a_watcher_cleanly(tmp_path: Path) -> None:
    """The command ends with 0, and the lease is let go of: the next one works at once."""
    written(tmp_path, CONFIG.replace('"3m"', '"1d"').replace("every =", 'place = "m.csv"\nevery ='))
    (tmp_path / "m.csv").write_text("metric,starts_at,quantity\nr,2026-11-01,5\n", encoding="utf-8")
    command = [sys.executable, "-m", "outlay", "--store", f"duckdb://{tmp_path}/s.duckdb", "import", "--watch"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.pop("OUTLAY_CONFIG", None)
    for expected in ("bills: imported", ""):
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Watching the sources")
            if expected:
                assert process.stdout.readline().startswith(expected)
            process.send_signal(signal.SIGTERM)
            said, trouble = process.communicate(timeout=60)
            assert (process.returncode, trouble) == (0, "")
            assert "standing by" not in said
