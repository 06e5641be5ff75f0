import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outlay.cli import main

Typed = Callable[..., Result]
FIRST = date(2026, 1, 1)
DEAR = 50


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Type a command in a folder of its own, beside a table of two series, one of which has a dear day."""
    monkeypatch.chdir(tmp_path)
    lines = ["series,day,amount,holiday,release"]
    for at in range(70):
        day = FIRST + timedelta(days=at)
        lines.append(f"chat,{day},{400 if at == DEAR else 100 + at % 3},0,{'4.2' if at == DEAR else ''}")
        lines += [f"tags,{day}T00:00:00Z,2.5,0,"] * 2
    lines.append("chat,2026-13-01,5,0,")
    Path("costs.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return lambda *words: CliRunner().invoke(main, list(words))


def test_a_table_is_told_of_day_by_day(typed: Typed) -> None:
    """With `--json`: one object for each series and day that stands out, amounts as texts, and bad lines."""
    run = typed("anomalies", "--table", "costs.csv", "--json")
    assert run.exit_code == 0
    answer = json.loads(run.output)
    assert (answer["first"], answer["last"], answer["series"]) == ("2026-01-01", "2026-03-11", 2)
    (row,) = answer["anomalies"]
    low, expected, high = (float(row.pop(name)) for name in ("low", "expected", "high"))
    assert low < 100 < high
    assert expected == pytest.approx(101, abs=2)
    assert row == {
        "series": "chat",
        "day": "2026-02-20",
        "actual": "400",
        "kind": "spike",
        "severity": "high",
        "release": "4.2",
    }
    assert [(one["code"], one["line"]) for one in answer["problems"]] == [("bad-day", 212)]


def test_people_read_a_table_newest_first(typed: Typed) -> None:
    """Without `--json`: a line for each, and the lines that were left out."""
    run = typed("anomalies", "--table", "costs.csv")
    assert run.exit_code == 0
    assert "1 anomaly in 2 series, 2026-01-01 to 2026-03-11, newest first" in run.output
    assert "Left out: costs.csv:212, column day: bad-day" in run.output
    run = typed("anomalies", "--table", "costs.csv", "--percent", "500")
    assert "Nothing stands out in 2 series" in run.output
    run = typed("anomalies", "--table", "costs.csv", "--since", "2026-02-21", "--floor", "1")
    assert "Nothing stands out" in run.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--table", "costs.csv", "--by", "team"), "--by is about the ledger"),
        (("--table", "costs.csv", "--floor", "much"), "'much' is not a number"),
        (("--table", "costs.csv", "--floor", "-1"), "give an amount of money"),
        (("--table", "costs.csv", "--since", "soon"), "soon"),
        (("--table", "nothing.csv"), "nothing.csv cannot be read"),
    ],
)
def test_what_cannot_be_told_is_refused(typed: Typed, words: tuple[str, ...], said: str) -> None:
    """Exit status 2 or 3, what is wrong, and what to do."""
    run = typed("anomalies", *words)
    assert run.exit_code in (2, 3)
    assert said in run.output
    assert "Fix: " in run.output
