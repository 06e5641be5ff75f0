import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outlay.cli import main
from outlay.store import open_store
from tests.laws.world import charge, laid, published

Typed = Callable[..., Result]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Type a command in a folder of its own, beside a table of two series of March."""
    monkeypatch.chdir(tmp_path)
    lines = [f"{name},2026-03-{n:02},{amount}" for n in range(1, 21) for name, amount in (("a", 3), ("b", "1.50"))]
    Path("costs.csv").write_text("series,day,amount\n" + "\n".join(lines) + "\nc,2026-03-32,1\n", encoding="utf-8")
    return lambda *words: CliRunner().invoke(main, list(words))


def test_a_table_is_told_to_the_end_of_its_month(typed: Typed) -> None:
    """With `--json`: the total of the days to come with its band, what the month cost so far, and bad lines."""
    run = typed("forecast", "--table", "costs.csv", "--to", "2026-03-31", "--json")
    assert run.exit_code == 0
    answer = json.loads(run.output)
    assert (answer["known_to"], answer["from"], answer["to"]) == ("2026-03-20", "2026-03-21", "2026-03-31")
    a, b = answer["forecasts"]
    assert (a["series"], a["total"], a["actual"], a["with_actual"]) == ("a", "33", "60", "93")
    assert (b["series"], b["total"], b["actual"], b["with_actual"]) == ("b", "16.5", "30", "46.5")
    assert float(a["low80"]) <= 33 <= float(a["high80"])
    assert answer["whole"][0]["total"] == "49.5"
    assert [(one["code"], one["line"]) for one in answer["problems"]] == [("bad-day", 42)]
    assert "daily" not in a
    assert json.loads(typed("forecast", "--table", "costs.csv", "--daily", "--json").output)["to"] == "2026-03-31"


def test_people_read_a_table_and_a_sentence(typed: Typed) -> None:
    """Without `--json`: one line a series, all together, and the lines that were left out."""
    run = typed("forecast", "--table", "costs.csv")
    assert run.exit_code == 0
    assert "From 2026-03-21 to 2026-03-31, as known on 2026-03-20" in run.output
    assert "Together 139.50: 90.00 so far this month and 49.50 to come" in run.output
    assert "Left out: costs.csv:42, column day: bad-day" in run.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--table", "costs.csv", "--to", "2026-03-20"), "is not after 2026-03-20"),
        (("--table", "costs.csv", "--to", "soon"), "soon"),
        (("--table", "costs.csv", "--by", "team"), "--by and --where are about the ledger"),
        (("--table", "nothing.csv"), "nothing.csv cannot be read"),
        (("--table", "."), "cannot be read"),
    ],
)
def test_what_cannot_be_told_is_refused(typed: Typed, words: tuple[str, ...], said: str) -> None:
    """With a sentence and what to do, and the exit code of a refusal or of a source."""
    run = typed("forecast", *words)
    assert run.exit_code in (2, 3)
    assert said in run.output
    assert "Fix:" in run.output


def test_the_ledger_is_told_by_slice(typed: Typed, tmp_path: Path) -> None:
    """Without `--table` the settled days of the ledger are, by the dimensions asked for."""
    url = f"duckdb:///{tmp_path}/ledger.duckdb"
    store = open_store(url)
    laid(store, charges=[charge(day, "10", day=day) for day in range(1, 22)])
    published(store)
    store.close()
    run = typed("--store", url, "forecast", "--by", "provider", "--json")
    answer = json.loads(run.output)
    (row,) = answer["forecasts"]
    assert (row["provider"], row["actual"], row["total"]) == ("AWS", "190", "120")
    assert date.fromisoformat(answer["known_to"]) + timedelta(days=1) == date(2026, 10, 20)
