"""The import contracts of pyproject.toml, held against a small copy of the house."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.planting import ROOT, planted

ROOMS = ["cli", "serve", "demo", "explain", "allocate", "cost", "capture", "sdk", "store", "wire", "terms"]
ROOMS += ["bills", "bills/importers", "revenue", "revenue/importers", "prices", "prices/sources"]
ROOMS += ["exchange", "exchange/importers", "closing"]
ROOMS += ["importing", "schedule", "fetching", "export", "watch"]
ANALYSES = [
    "activity",
    "change",
    "cost",
    "estimate",
    "evidence",
    "gap",
    "localize",
    "restatements",
    "self_hosted",
    "unit_cost",
    "whatif",
]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a folder with this project's contracts and its rooms, empty."""
    planted(tmp_path, "pyproject.toml", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for room in ["", *(f"{room}/" for room in ROOMS)]:
        planted(tmp_path, f"src/outlay/{room}__init__.py", "")
    for module in ("flow", "catalog", "errors", *(f"explain/{analysis}" for analysis in ANALYSES)):
        planted(tmp_path, f"src/outlay/{module}.py", "")
    return tmp_path


def lint(house: Path) -> tuple[int, str]:
    """Run import-linter in the house; return its exit status and what it said, on one line."""
    environment = {**os.environ, "PYTHONPATH": str(house / "src")}
    command = [sys.executable, "-c", LINT, "--no-cache", "--no-logo"]
    run = subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)
    return run.returncode, " ".join((run.stdout + run.stderr).split())


def test_the_empty_house_keeps_every_contract(house: Path) -> None:
    """Rooms that are not built yet are no breach."""
    assert lint(house)[0] == 0


@pytest.mark.parametrize(
    ("module", "line", "named"),
    [
        ("terms/x", "import outlay.cost", "outlay.terms is not allowed to import outlay.cost"),
        ("bills/x", "import outlay.revenue", "outlay.bills is not allowed to import outlay.revenue"),
        ("serve/x", "import outlay.demo", "outlay.serve is not allowed to import outlay.demo"),
        ("explain/whatif", "import outlay.explain.cost", "outlay.explain.whatif -> outlay.explain.cost"),
        ("cost/x", "import duckdb", "outlay.cost.x -> duckdb"),
        ("serve/x", "import clickhouse_connect", "outlay.serve.x -> clickhouse_connect"),
        ("explain/x", "import chdb", "outlay.explain.x -> chdb"),
        ("sdk/x", "import fastapi", "outlay.sdk.x -> fastapi"),
        ("sdk/x", "from outlay import store", "outlay.sdk.x -> outlay.store"),
        ("attic/__init__", "", "- outlay.attic"),
    ],
)
def test_an_import_against_the_river_is_named(house: Path, module: str, line: str, named: str) -> None:
    """An import upwards, sideways, of an engine or of the server by the SDK is named by its file."""
    planted(house, f"src/outlay/{module}.py", line)
    status, said = lint(house)
    assert status == 1
    assert named in said


def test_an_importer_that_imports_another_is_named(house: Path) -> None:
    """One file each: what two importers share belongs to the room above them."""
    planted(house, "src/outlay/bills/importers/focus.py", "")
    planted(house, "src/outlay/bills/importers/aws_cur.py", "import outlay.bills.importers.focus")
    status, said = lint(house)
    assert status == 1
    assert "outlay.bills.importers.aws_cur -> outlay.bills.importers.focus" in said


def test_a_circle_of_siblings_is_named(house: Path) -> None:
    """Two modules of one room may not need each other."""
    planted(house, "src/outlay/terms/a.py", "import outlay.terms.b")
    planted(house, "src/outlay/terms/b.py", "import outlay.terms.a")
    status, said = lint(house)
    assert status == 1
    assert "No circles among siblings, at any depth BROKEN" in said


def test_the_store_may_import_its_engines(house: Path) -> None:
    """The one room behind the wall is allowed what the others are not."""
    planted(house, "src/outlay/store/duckdb.py", "import duckdb")
    planted(house, "src/outlay/cost/x.py", "import outlay.store.duckdb")
    assert lint(house)[0] == 0
