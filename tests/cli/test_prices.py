"""`outlay price` and `outlay prices`, as a person and as a program meet them."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import outlay
from outlay.cli import COMMANDS, main
from outlay.prices.learn import seed
from outlay.store import open_store
from tests.house.planting import ROOT

OVERLAY = """
[[price]]
provider = "openai"
model = "gpt-4o"
unit = "input"
amount = "2.00"
per = 1_000_000
currency = "USD"
valid_from = {since}
source = "contract 7"
"""
EVENTS = [
    {
        "id": "e-1",
        "time": "2026-10-03T12:00:00Z",
        "provider": "openai",
        "model": "gpt-4o",
        "usage": {"input": 1_000_000},
    },
    {"id": "e-2", "time": "2026-10-04T12:00:00Z", "provider": "openai", "model": "gpt-9", "usage": {"input": 5}},
]


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that knows the list prices."""
    path = tmp_path_factory.mktemp("seeded") / "store.duckdb"
    store = open_store(f"duckdb://{path}")
    seed(store, now=datetime.now(UTC))
    store.close()
    return path


@pytest.fixture
def folder(seeded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a store of its own."""
    shutil.copy(seeded, tmp_path / "store.duckdb")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTLAY_STORE", "duckdb:store.duckdb")
    return tmp_path


def run(*words: str) -> Result:
    """Type a command; what it raises, the test raises."""
    return CliRunner().invoke(main, words, catch_exceptions=False)


def printed(*words: str) -> dict[str, Any]:
    """Return the JSON a command prints."""
    answer: dict[str, Any] = json.loads(run(*words, "--json").stdout)
    return answer


def used(folder: Path) -> None:
    """Take the events in."""
    (folder / "events.ndjson").write_text("\n".join(map(json.dumps, EVENTS)) + "\n", encoding="utf-8")
    assert run("import", "events", "events.ndjson").exit_code == 0


def test_every_command_is_where_the_list_says() -> None:
    """Each name of the command line loads a command of that name."""
    for name in COMMANDS:
        command = main.get_command(main.make_context("outlay", [], resilient_parsing=True), name)
        assert command is not None
        assert command.name == name


@pytest.mark.usefixtures("folder")
def test_the_list_names_models_and_the_day() -> None:
    """Prices are right-aligned numbers under a title with their unit; a name that fits nothing says what to do."""
    said = run("prices", "list", "--provider", "anthropic", "--model", "sonnet-4-5", "--on", "2026-10-01").output
    assert "Prices on 2026-10-01, per million tokens" in said
    (line,) = [line for line in said.splitlines() if "claude-sonnet-4-5 " in line]
    assert line.split()[2:6] == ["3", "0.3", "15", "USD"]
    assert "outlay prices import" in run("prices", "list", "--model", "nobody").output
    refused = run("prices", "list", "--provider", "antropic")
    assert (refused.exit_code, "anthropic" in refused.stderr) == (2, True)


@pytest.mark.usefixtures("folder")
def test_show_tells_every_record() -> None:
    """A model's records come with unit, size, period, source and the day they were learnt, by any of its names."""
    answer = printed("prices", "show", "openai", "gpt-4o-2024-08-06")
    assert (answer["provider"], answer["model"]) == ("openai", "gpt-4o")
    assert {"unit", "context", "size_from", "amount", "per", "state", "source", "recorded_at"} <= set(
        answer["records"][0]
    )
    assert "in force. Goes by:" in run("prices", "show", "openai", "gpt-4o").output
    refused = run("prices", "show", "openai", "gpt-44o")
    assert (refused.exit_code, "did you mean" in refused.stderr) == (2, True)


def test_an_overlay_is_learnt_once_and_kept_from_changing_the_past(folder: Path) -> None:
    """A price for the future is learnt; one for the past is refused until it is called a correction, and recorded."""
    (folder / "later.toml").write_text(OVERLAY.format(since="2031-01-01"), encoding="utf-8")
    (folder / "past.toml").write_text(OVERLAY.format(since="2026-03-01"), encoding="utf-8")
    assert printed("prices", "import", "later.toml")["learnt"] == 1
    assert printed("prices", "import", "later.toml")["learnt"] == 0
    refused = run("prices", "import", "past.toml")
    assert (refused.exit_code, "past-price" in refused.stderr) == (2, True)
    assert printed("prices", "import", "past.toml", "--correction")["learnt"] == 1
    rows = printed("prices", "diff", "--from", "2026-02-01", "--to", "2026-04-01", "--model", "gpt-4o")["rows"]
    assert ("gpt-4o", "input", "2.5", "2") in [(r["model"], r["unit"], r["before"], r["after"]) for r in rows]


def test_problems_of_an_overlay_are_listed_with_their_lines(folder: Path) -> None:
    """An entry that cannot be used is a problem with file and line; the others are learnt."""
    good = OVERLAY.format(since="2031-01-01")
    (folder / "prices.toml").write_text(
        good + good.replace('"USD"', '"XYZ"').replace("gpt-4o", "gpt-5"), encoding="utf-8"
    )
    found = run("prices", "import", "prices.toml", "--json")
    answer = json.loads(found.stdout)
    assert (found.exit_code, answer["learnt"], [p["line"] for p in answer["problems"]]) == (1, 1, [18])
    assert "prices.toml:18" in run("prices", "import", "prices.toml").output


def test_the_check_names_usage_without_a_price(folder: Path) -> None:
    """What the store used and nobody priced is named with quantity, reason and the next step; exit code 1."""
    empty = run("prices", "check")
    assert "No usage in this store yet." in empty.output
    used(folder)
    found = run("prices", "check")
    assert found.exit_code == 1
    assert "gpt-9" in found.output
    assert "unknown-model" in found.output
    assert "outlay prices import" in found.output
    (lacking,) = [f for f in printed("prices", "check")["findings"] if f["finding"] == "unpriced"]
    assert (lacking["model"], lacking["quantity"]) == ("gpt-9", "5")


def test_discrepancies_are_in_dollars_at_our_own_volume(folder: Path) -> None:
    """A map that says otherwise costs our quantity times the difference; the book stays as it is."""
    used(folder)
    costs = {"litellm_provider": "openai", "input_cost_per_token": 3e-06, "output_cost_per_token": 1e-05}
    (folder / "map.json").write_text(json.dumps({"gpt-4o": costs}), encoding="utf-8")
    before = printed("prices", "show", "openai", "gpt-4o")
    answer = printed("prices", "discrepancies", "map.json")
    assert [(r["unit"], r["ours"], r["theirs"], r["quantity"], r["amount"]) for r in answer["rows"]] == [
        ("input", "2.5", "3", "1000000", "0.5")
    ]
    assert (answer["equal"], answer["amount"], answer["period"]) == (1, "0.5", "2026-10-01..2026-11-01")
    assert printed("prices", "show", "openai", "gpt-4o") == before
    said = run("prices", "discrepancies", "map.json").output
    assert "2 prices compared: 1 equal, 1 different, which is +0.50 USD on 2.50 USD of your usage" in said
    assert "Nothing was changed" in said


def test_a_snapshot_prices_calls_in_process(folder: Path) -> None:
    """The file that is written is what `outlay.price` prices from, to the digit of `outlay price`."""
    answer = printed("prices", "snapshot", "--out", "prices.snapshot")
    assert answer["bytes"] == (folder / "prices.snapshot").stat().st_size
    outlay.configure(prices=folder / "prices.snapshot")
    found = outlay.price("openai", "gpt-4o", {"input": 1234, "output": 56})
    outlay.configure()
    asked = printed("price", "openai", "gpt-4o", "--usage", "input=1234,output=56")
    assert found.amount is not None
    assert f"{found.amount.normalize():f}" == asked["amount"]
    refused = run("prices", "snapshot", "--out", "nowhere/prices")
    assert (refused.exit_code, "cannot be written" in refused.stderr) == (2, True)


def test_a_quote_from_the_copy_is_the_stores_own(folder: Path) -> None:
    """Before and after there is a copy beside the store, the same question gets the same answer."""
    words = (
        "price",
        "openrouter",
        "openai/gpt-4o",
        "--usage",
        "input=1234,output=56,cache_read=7",
        "--on",
        "2026-10-01",
    )
    first = printed(*words)
    assert printed(*words) == first
    assert (folder / "store.duckdb.prices").exists()
    assert printed(*words) == first


@pytest.mark.usefixtures("folder")
def test_a_quote_from_the_copy_loads_no_engine() -> None:
    """With the copy in place neither a database, nor a server, nor another price list is loaded: it answers at once."""
    words = ["price", "openai", "gpt-4o", "--usage", "input=1000", "--json"]
    code = (
        "import sys; from outlay.__main__ import main; sys.argv = ['outlay', *sys.argv[1:]]\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'duckdb', 'genai_prices', 'pydantic', 'fastapi', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    assert run(*words).exit_code == 0
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    for place in (1, 2):
        process = subprocess.run([sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True)  # noqa: PLW1510
        assert json.loads(process.stdout)["amount"] == "0.0025"
        assert (process.returncode == 0) == (place == 2), process.stderr


_MORE = """
[[price]]
provider = "acme"
model = "m-1"
unit = "input"
amount = 2
per = 1_000_000
currency = "USD"
valid_from = 2026-01-01
source = "page"
[[price]]
provider = "acme"
model = "m-1"
unit = "input"
amount = 5
per = 1_000_000
currency = "USD"
valid_from = 2026-01-01
source = "page"
size_from = 1_001
threshold = "marginal"
[[discount]]
provider = "openai"
project = "p-1"
percent = 50
valid_from = 2031-01-01
source = "contract 7"
[[credit]]
provider = "openai"
name = "startup"
amount = 500
currency = "USD"
valid_from = 2026-01-01
source = "letter"
"""


def test_prices_above_a_size_projects_and_credits_are_priced_and_shown(folder: Path) -> None:
    """Tokens above a size cost their own price, a project its own, and a credit stands in a list of its own."""
    (folder / "more.toml").write_text(_MORE, encoding="utf-8")
    assert printed("prices", "import", "more.toml")["learnt"] == 4
    parts = printed("price", "acme", "m-1", "--usage", "input=1500")["parts"]
    assert [(part["quantity"], part["amount"]) for part in parts] == [("1000", "0.002"), ("500", "0.0025")]
    asked = ("price", "openai", "gpt-4o", "--usage", "input=1000", "--on", "2031-01-01")
    ours, others = (Decimal(printed(*asked, "--context", f"project={p}")["amount"]) for p in ("p-1", "p-9"))
    assert 2 * ours == others == Decimal(printed(*asked)["amount"])
    (credit,) = printed("prices", "credits")["rows"]
    assert (credit["credit"], credit["amount"], credit["left"]) == ("startup", "500", "500")
    assert "startup" in run("prices", "credits").stdout
    assert "1,001, those above" in run("prices", "show", "acme", "m-1").stdout


def test_an_import_and_a_run_leave_the_copy_for_the_next_quote(folder: Path) -> None:
    """After either the copy is there, and a run that changes no price leaves the very same."""
    used(folder)
    copy = folder / "store.duckdb.prices"
    printed("run")
    before = copy.stat().st_mtime_ns
    printed("run")
    assert copy.stat().st_mtime_ns == before
    (folder / "more.toml").write_text(_MORE, encoding="utf-8")
    printed("prices", "import", "more.toml")
    after = copy.stat().st_mtime_ns
    assert after > before
    printed("price", "acme", "m-1", "--usage", "input=1500")
    assert copy.stat().st_mtime_ns == after
