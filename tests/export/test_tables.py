"""Tables and answers as files, and the command that writes them."""

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from outlay.cli import main
from outlay.errors import UnknownName
from outlay.export.answer import answer
from outlay.export.tables import names, table
from outlay.store import Store, open_store
from tests.laws.world import charge, emptied, laid, published


def _asked(question: str) -> list[tuple[object, ...]]:
    """Ask an engine of the test's own about a file."""
    return duckdb.connect().execute(question).fetchall()


def test_a_table_is_written_whole_with_its_types(store: Store, tmp_path: Path) -> None:
    """Parquet keeps decimals, times and maps, whichever engine held them."""
    laid(store, charges=[charge(1, "0.000000000001", tags={"team": "a"}), charge(2, "-7")])
    path = tmp_path / "charges.parquet"
    assert table(store, "current_charge", path, "parquet") == 2
    held = _asked(f"SELECT billed_cost, tags['team'] FROM '{path}' ORDER BY line")
    assert held == [(Decimal("0.000000000001"), "a"), (Decimal(-7), None)]
    kinds = {row[0]: row[1] for row in _asked(f"DESCRIBE SELECT * FROM '{path}'")}
    assert (kinds["billed_cost"], kinds["tags"]) == ("DECIMAL(38,12)", "MAP(VARCHAR, VARCHAR)")


def test_every_table_and_view_can_be_written_but_keys(duck: Store, tmp_path: Path) -> None:
    """There is a file for each, also where it is empty; of keys there is none."""
    emptied(duck)
    for name in names():
        assert table(duck, name, tmp_path / f"{name}.csv", "csv") == 0
    for name in ("api_key", "arrival", "nothing"):
        with pytest.raises(UnknownName):
            table(duck, name, tmp_path / "a.csv", "csv")


def test_an_answer_is_written_exactly(tmp_path: Path) -> None:
    """Amounts stay decimals, counts whole numbers, and amounts by currency one text."""
    rows: list[dict[str, object]] = [
        {"team": "a,b", "amount": Decimal("0.100000000001"), "calls": 3, "original": {"USD": Decimal("1.50")}},
        {"team": None, "amount": Decimal(12), "calls": 0, "original": {}},
    ]
    assert answer(rows, tmp_path / "a.csv", "csv") == 2
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines() == [
        "team,amount,calls,original",
        '"a,b",0.100000000001,3,"{""USD"": ""1.5""}"',
        ",12.000000000000,0,{}",
    ]
    answer(rows, tmp_path / "a.parquet", "parquet")
    assert _asked(f"SELECT amount FROM '{tmp_path}/a.parquet'")[0] == (Decimal("0.100000000001"),)


def test_the_command_writes_what_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reporting currency in `outlay.toml` holds for answers and FOCUS files; `--currency own` sets it aside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTLAY_STORE", "duckdb:store.duckdb")
    store = open_store()
    laid(store, charges=[charge(1, "12")])
    published(store)
    store.close()
    (tmp_path / "rates.csv").write_text("day,from,to,rate\n2026-10-05,EUR,USD,1.2\n", encoding="utf-8")
    (tmp_path / "outlay.toml").write_text('reporting_currency = "EUR"\nrate_days = 0\n', encoding="utf-8")

    def printed(command: str) -> dict[str, object]:
        result = CliRunner().invoke(main, command.split(), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        found: dict[str, object] = json.loads(result.stdout)
        return found

    printed("import rates_csv rates.csv --json")
    assert printed("costs --json")["totals"] == {"EUR": "10"}
    assert printed("costs --currency own --json")["totals"] == {"USD": "12"}
    assert printed("export focus --period 2026-10 --format parquet --json")["totals"] == {"USD": "12"}
    held = _asked("SELECT x_ReportingCost, x_ReportingCurrency FROM 'focus-2026-10.parquet'")
    assert held == [(Decimal(10), "EUR")]
    assert printed("export csv costs --period 2026-10 --json") == {"path": "costs.csv", "rows": 1}
    assert printed("export parquet exchange_rate --json") == {"path": "exchange_rate.parquet", "rows": 1}
    (tmp_path / "outlay.toml").write_text('reporting_currency = "Euro"\n', encoding="utf-8")
    refused = CliRunner().invoke(main, ["costs"])
    assert refused.exit_code == 2
    assert "reporting_currency" in refused.output
