import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from outlay.capture.intake import Intake, journal_of
from outlay.capture.row import Made, Rows
from outlay.cli import main
from outlay.store import open_store
from outlay.store.duckdb import DuckDB
from outlay.terms.period import Period
from tests.laws.world import charge, event, laid, published

MAY, JUNE = Period.month("2024-05"), Period.month("2024-06")
WHO = "someone@example.com"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a store: May 2024 is published, June is not; one user is in both."""
    store = open_store(f"duckdb://{tmp_path}/store.duckdb")
    charged: dict[str, Any] = {"charge_period_start": MAY.starts_at, "charge_period_end": MAY.ends_at}
    laid(
        store,
        charges=[charge(1, "5", **charged)],
        usage=[
            event(1, time=MAY.starts_at, user=WHO, session="s-1", feature="search"),
            event(2, time=JUNE.starts_at, user=WHO, tags={"login": WHO}),
        ],
    )
    published(store, month=MAY)
    store.close()
    return tmp_path


def typed(folder: Path, *words: str, code: int = 0) -> str:
    """Type a command on the store, and return what it printed."""
    result = CliRunner().invoke(main, ["--store", f"duckdb://{folder}/store.duckdb", *words])
    assert result.exit_code == code, result.output
    return result.output


def test_retain_says_what_goes_and_what_stays_and_why(folder: Path) -> None:
    """The dry run and the real one say the same; a second one has nothing left to do."""
    planned = json.loads(typed(folder, "retain", "--dry-run", "--json"))
    assert planned["removed"] == [{"month": "2024-05", "events": 1, "late": False}]
    (kept,) = planned["kept"]
    assert (kept["month"], kept["fix"]) == ("2024-06", "make it: outlay run --period 2024-06")
    done = json.loads(typed(folder, "retain", "--json"))
    assert {**done, "dry_run": True} == planned
    again = typed(folder, "retain")
    assert "No month with events that ended more than 90 days ago can go." in again
    assert "Kept: 2024-06, 1 events: it has no published ledger" in again
    typed(folder, "retain", "--days", "0", code=2)


def test_a_sealed_month_is_shown_where_one_looks_for_it(folder: Path) -> None:
    """`run` leaves it and says so, refuses it by name, and `doctor` lists it with what came late."""
    typed(folder, "retain")
    made = typed(folder, "run")
    assert "Left as they are, as their usage events were removed: 2024-05" in made
    assert json.loads(typed(folder, "run", "--json"))["left_as_they_are"] == ["2024-05"]
    assert json.loads(typed(folder, "run", "--period", "2024-06", "--json"))["left_as_they_are"] == []
    for words in (("run",), ("rerate",), ("whatif",), ("prices", "check")):
        assert "(code events-removed)" in typed(folder, *words, "--period", "2024-05", code=2), words
    late = folder / "late.ndjson"
    usage = {"usage": {"input": 1}, "provider": "acme-ai"}
    late.write_text(json.dumps({"id": "late", "time": "2024-05-31T23:59:59Z", **usage}), encoding="utf-8")
    typed(folder, "import", "events", str(late))
    (row,) = json.loads(typed(folder, "doctor", "--json"))["removed"]
    assert (row["month"], row["events"], row["waiting"]) == ("2024-05", 1, 1)
    assert "Waiting: 1 event came for 2024-05 after its own were removed" in typed(folder, "doctor")
    assert "The usage events of 2024-05 were removed on" in typed(folder, "evidence", "--period", "2024-05")


def test_erase_replaces_the_id_and_the_file_forgets_it(folder: Path) -> None:
    """What was in the journal goes too; then no file in the folder has the id in it, and the ledger is as before."""
    made = Rows("collector", 1).make(json.dumps(_sent()).encode(), 1)
    assert isinstance(made, Made)
    journal = folder / "store.duckdb.journal"
    journal.mkdir()
    (journal / "000000000001.ndjson").write_bytes(made.rows)
    before = typed(folder, "costs", "--by", "feature", "--json")
    planned = json.loads(typed(folder, "erase", "--user", WHO, "--dry-run", "--json"))
    assert planned["rows"]["usage.user"] == 2
    assert planned["pseudonym"] is None
    done = json.loads(typed(folder, "erase", "--user", WHO, "--json"))
    assert done["rows"] | {"usage.user": 3, "usage.tags": 1, "rollup_day.user": 1} == done["rows"]
    assert (done["sessions"], done["scrubbed"], done["collector_running"]) == (1, True, False)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if WHO.encode() in path.read_bytes()]
    assert typed(folder, "costs", "--by", "feature", "--json") == before
    assert "no-such-user" in typed(folder, "erase", "--user", WHO, "--json", code=2)


def test_erase_says_in_words_what_it_left(folder: Path) -> None:
    """A session that was renamed, the same text elsewhere, and bytes that stay on request."""
    store = DuckDB(folder / "store.duckdb")
    assert journal_of(store) == folder / "store.duckdb.journal"
    store.insert("usage", [event(3, time=JUNE.starts_at, customer=WHO)])
    store.close()
    said = typed(folder, "erase", "--user", WHO, "--no-scrub")
    assert "Replaced by erased-" in said
    assert "Sessions given another name: 1" in said
    assert "Left: 1 row of usage.customer say the same and mean another thing." in said


def test_a_journal_that_a_collector_has_is_told(folder: Path, tmp_path: Path) -> None:
    """A collector of another store may have the folder that is named; then the erasure says to come again."""
    other = open_store("duckdb:///:memory:")
    running = Intake(other, tmp_path / "elsewhere", clock=lambda: datetime(2024, 6, 1, tzinfo=UTC))
    try:
        said = typed(folder, "erase", "--user", WHO, "--journal", str(tmp_path / "elsewhere"))
    finally:
        running.close()
        other.close()
    assert "A collector is running here." in said


def _sent() -> dict[str, object]:
    return {"id": "j-1", "time": "2024-06-02T00:00:00Z", "provider": "acme-ai", "usage": {"input": 1}, "user": WHO}
