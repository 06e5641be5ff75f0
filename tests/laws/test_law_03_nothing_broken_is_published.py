import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from outlay import flow
from outlay.allocate import stage
from outlay.cli.errors import report
from outlay.errors import BadInput, Broken
from outlay.flow import Run
from outlay.store import Store
from outlay.store.tables import RUN_TABLES
from tests.laws.world import NOW, charge, emptied, laid, ledger_of, published, read

Stage = Callable[[Store, Run], None]


def one_cent_too_much(store: Store, run: Run) -> None:
    """Add a share that no pool has money for, as a bug in a stage would."""
    pool = read(store, f"SELECT * FROM pool WHERE run = '{run.name}' ORDER BY pool")[0]
    kept = ("day", "pool", "rule", "currency", "provider", "charge_category")
    extra = {"run": run.name, "month": run.month.first, **{name: pool[name] for name in kept}}
    extra |= {"method": "direct", "driver": "", "state": "allocated", "weight": 1, "amount": Decimal("0.01")}
    store.insert("share", [{**extra, "team": "nobody"}])


def stopped(store: Store, run: Run) -> None:
    """Stop in the middle of a run, as Ctrl-C does."""
    assert store.count("share", run=run.name)
    raise KeyboardInterrupt


@contextmanager
def day_with(extra: Stage) -> Iterator[None]:
    """Put one more stage after allocation into the day, and take it out again."""
    whole = flow.STAGES
    flow.STAGES = (*whole, (extra, ()))
    try:
        yield
    finally:
        flow.STAGES = whole


def world(store: Store) -> list[tuple[object, ...]]:
    """Publish a small ledger and return it."""
    emptied(store)
    laid(store, charges=[charge(1, "10", tags={"team": "a"}), charge(2, "5", day=6)])
    published(store)
    return ledger_of(store)


def rows_of_runs(store: Store) -> dict[str, int]:
    """Count the rows of every table that runs fill."""
    return {table: store.count(table) for table in RUN_TABLES}


def test_a_ledger_that_does_not_add_up_is_not_published(shared: Store) -> None:
    """A share too many breaks the law: the pool and the amount are named, and the earlier ledger stays in force."""
    before = world(shared)
    counted, in_force = rows_of_runs(shared), read(shared, "SELECT * FROM current_run")
    with day_with(one_cent_too_much), pytest.raises(Broken) as caught:
        published(shared, now=NOW + timedelta(hours=1))
    assert "pool 1" in caught.value.message
    assert "by -0.01 USD" in caught.value.message
    assert "Nothing was published" in caught.value.message
    assert caught.value.code == "law-3"
    assert ledger_of(shared) == before
    assert read(shared, "SELECT * FROM current_run") == in_force
    assert rows_of_runs(shared) == counted, "the broken run left rows behind"


def test_a_broken_law_ends_the_command_with_status_70(shared: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line says which law broke on two lines and exits with 70."""
    world(shared)
    with day_with(one_cent_too_much), pytest.raises(Broken) as caught:
        published(shared, now=NOW + timedelta(hours=1))
    assert report(caught.value, as_json=False) == 70
    said = capsys.readouterr().err
    assert "do not sum to what was billed" in said
    assert "(code law-3)" in said


def test_a_run_that_is_interrupted_leaves_nothing(shared: Store) -> None:
    """Ctrl-C within a stage removes what the run wrote; the ledger in force is the one before."""
    before = world(shared)
    counted = rows_of_runs(shared)
    with day_with(stopped), pytest.raises(KeyboardInterrupt):
        published(shared, now=NOW + timedelta(hours=1))
    assert ledger_of(shared) == before
    assert rows_of_runs(shared) == counted


def test_a_share_that_went_missing_is_named(shared: Store) -> None:
    """Pools whose shares do not sum to them are listed with rule, provider and day, and by how much they are off."""
    emptied(shared)
    laid(shared, charges=[charge(1, "10"), charge(2, "5", day=6)])
    run = published(shared).run
    missing = replace(run, name="another")
    for table in ("pool", "share"):
        rows = [{**row, "run": missing.name} for row in read(shared, f"SELECT * FROM {table} ORDER BY pool")]
        shared.insert(table, rows[:1] if table == "share" else rows)
    with pytest.raises(Broken, match=r"pool 2 \(what tags say, AWS, 2026-10-06\) by 5 USD"):
        stage.check(shared, missing.values)


_STOP_ITSELF = """
import os, signal, sys
from datetime import UTC, datetime
from outlay import flow
from outlay.store import open_store
from outlay.terms.period import Period

def stop(store, run):
    assert store.count("share", run=run.name)
    os.kill(os.getpid(), signal.SIGINT)

flow.STAGES = (*flow.STAGES, (stop, ()))
store = open_store(sys.argv[1])
flow.run_month(store, Period.month("2026-10"), now=datetime(2026, 11, 3, tzinfo=UTC))
"""


@pytest.mark.parametrize("engine", ["duckdb", "clickhouse"])
def test_a_process_that_is_interrupted_leaves_the_ledger_as_it_was(engine: str, tmp_path: Path) -> None:
    """A real process that gets SIGINT while it allocates publishes nothing; the ledger before is still in force."""
    url = f"duckdb:///{tmp_path}/s.duckdb" if engine == "duckdb" else f"chdb://{tmp_path}/c?database=s"
    # ClickHouse in-process holds one folder a process, so this one's store is made and read in processes of their own.
    assert _process(_LAY, url) == (0, "")
    code, before = _process(_SHOW, url)
    assert code == 0
    assert "2026-10-20261102" in before
    code, _ = _process(_STOP_ITSELF, url)
    assert code == -signal.SIGINT
    assert _process(_SHOW, url) == (0, before)


_LAY = """
import sys
from outlay.store import open_store
from tests.laws.world import charge, laid, published
store = open_store(sys.argv[1])
laid(store, charges=[charge(1, "10", tags={"team": "a"}), charge(2, "5", day=6)])
published(store)
store.close()
"""
_SHOW = """
import sys
from outlay.store import open_store
from outlay.store.tables import RUN_TABLES
from tests.laws.world import ledger_of, read
store = open_store(sys.argv[1])
print(read(store, "SELECT * FROM current_run"), ledger_of(store), [store.count(t) for t in RUN_TABLES])
"""


def _process(program: str, url: str) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-c", program, url],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return ran.returncode, ran.stdout if ran.returncode in (0, -signal.SIGINT) else ran.stderr


def test_an_empty_store_has_nothing_to_run_on(shared: Store) -> None:
    """A run over nothing is refused and leaves nothing."""
    emptied(shared)
    with pytest.raises(BadInput, match="nothing to run on"):
        flow.run(shared, None, now=NOW)
    assert not any(rows_of_runs(shared).values())
