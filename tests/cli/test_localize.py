import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outlay.cli import main
from tests.explain.localize.made import DIMENSIONS, moved


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of 120 leaves: one feature halved, one model tripled for one team."""
    rows = moved({"feature=f1": "0.5", "model=m2&team=t0": "3"})
    lines = [",".join(map(str, (*leaf, actual, expected))) for leaf, actual, expected in rows]
    path = tmp_path / "table.csv"
    path.write_text("\n".join([",".join((*DIMENSIONS, "real", "predict")), *lines]), encoding="utf-8")
    return path


def typed(*words: object) -> Result:
    """Type a command."""
    return CliRunner().invoke(main, ["localize", *map(str, words)])


def test_the_causes_of_a_table_are_printed_as_json(table: Path) -> None:
    """Plain objects of value by dimension; the evidence beside them in decimal strings that add up."""
    result = typed(table, "--actual", "real", "--expected", "predict", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["causes"] == [{"model": "m2", "team": "t0"}, {"feature": "f1"}]
    assert [one["cause"] for one in answer["evidence"]] == answer["causes"]
    assert Decimal(answer["explained"]) + Decimal(answer["unexplained"]) == Decimal(answer["change"])
    assert answer["problems"] == []


def test_the_causes_of_a_table_are_printed_for_people(table: Path) -> None:
    """What moved, by how much, what share of it is explained, and which lines were left out."""
    table.write_text(table.read_text(encoding="utf-8") + "\nf9,m9,t9,many,3\n", encoding="utf-8")
    result = typed(table, "--actual", "real", "--expected", "predict")
    assert result.exit_code == 0, result.output
    for said in ("feature=f1", "model=m2, team=t0", " %", "0.00 is left unexplained", "table.csv:122, column real"):
        assert said in result.output
    assert "Traceback" not in result.output


def test_only_the_dimensions_asked_for_are_named(table: Path) -> None:
    """With --dimension, other columns are added up."""
    result = typed(table, "--actual", "real", "--expected", "predict", "--dimension", "feature", "--json")
    assert json.loads(result.stdout)["causes"] == [{"feature": "f1"}]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("TABLE",),
        ("TABLE", "--actual", "real"),
        ("TABLE", "--actual", "reel", "--expected", "predict"),
        ("TABLE", "--actual", "real", "--expected", "predict", "--before", "2026-09", "--after", "2026-10"),
        ("--before", "2026-09"),
        ("--before", "2026-09", "--after", "2026-10", "--actual", "real"),
        ("none.csv", "--actual", "real", "--expected", "predict"),
    ],
)
def test_what_cannot_be_asked_is_refused(table: Path, words: tuple[str, ...]) -> None:
    """No table and no periods, both, unnamed or unknown columns, no such file: exit 2, with a fix."""
    result = typed(*(table if word == "TABLE" else word for word in words))
    assert result.exit_code == 2
    assert "Fix:" in result.output


def test_two_periods_of_the_ledger_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a table the ledger is asked; an empty one is refused with what to do."""
    monkeypatch.setenv("OUTLAY_STORE", f"duckdb:///{tmp_path}/ledger.duckdb")
    result = typed("--before", "2026-09", "--after", "2026-10")
    assert result.exit_code == 2
    assert "outlay run" in result.output
