import json
import shlex
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outlay.cli import main
from tests.docs.examples import blocks, files, typed
from tests.docs.pages import read

PAGE = "docs/start.md"


def asked(command: str) -> Result:
    """Run a command as typed, and return what it printed and how it ended."""
    return CliRunner().invoke(main, shlex.split(command)[1:], catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files the page asks to save, and the store it names."""
    text = read(PAGE)
    for name, content in files(text).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    exported = [line for block in blocks(text, "console") for line in block.splitlines() if "$ export " in line]
    for line in exported:
        name, _, value = line.removeprefix("$ export ").partition("=")
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_steps_work_as_shown(folder: Path) -> None:
    """Every command of docs/start.md, typed in order, ends well, and the page tells the truth about the result."""
    assert {path.name for path in folder.iterdir()} == set(files(read(PAGE)))
    commands = typed(read(PAGE))
    assert len(commands) > 12
    unallocated = None
    for command in commands:
        result = asked(command)
        assert result.exit_code == 0, f"{command}\n{result.output}"
        if "--where state=unallocated" in command:
            unallocated = json.loads(asked(f"{command} --json").stdout)
    assert unallocated is not None
    assert Decimal(unallocated["total"]) == Decimal(5)  # before there was a rule for support
    ledger = json.loads(asked("outlay costs --by state --period 2026-10 --json").stdout)
    assert {row["state"]: Decimal(row["amount"]) for row in ledger["rows"]} == {"allocated": Decimal(82)}
    change = json.loads(asked("outlay explain --before 2026-09 --after 2026-10 --json").stdout)
    assert Decimal(change["change"]) == Decimal(16)
    margins = {row["customer"]: row["margin"] for row in json.loads(asked("outlay customers --json").stdout)["rows"]}
    assert Decimal(margins["acme"]) > 0 > Decimal(margins["globex"])
    models = json.loads(asked("outlay models --period 2026-10 --json").stdout)["rows"]
    assert [Decimal(row["unpriced_quantity"]) for row in models] == [Decimal(0)]
