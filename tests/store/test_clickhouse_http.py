"""A ClickHouse server over HTTP: the same commands, the same rows."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlay.errors import EngineFailed
from outlay.store import open_store

FRONT = Path(__file__).with_name("front.py")
BILL = """ProviderName,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,\
ChargePeriodEnd,ChargeCategory,BilledCost,ServiceName,Tags
AWS,1,USD,2026-10-01,2026-11-01,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,Usage,0.123456789012,EC2,"{""team"": ""a""}"
AWS,1,USD,2026-10-01,2026-11-01,2026-10-02T00:00:00Z,2026-10-02T01:00:00Z,Usage,2,EC2,
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ClickHouse that answers on loopback."""
    folder = tmp_path_factory.mktemp("server")
    with subprocess.Popen([sys.executable, str(FRONT), str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = process.stdout.readline().strip()
        yield f"clickhouse://127.0.0.1:{port}/outlay"
        process.kill()


def outlay(*arguments: str) -> dict[str, object]:
    """Run the command as a user does and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "outlay", *arguments, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_commands_work_against_a_server(server: str, tmp_path: Path) -> None:
    """`--store clickhouse://...` imports, runs and answers as a DuckDB file does, to the last digit."""
    bill = tmp_path / "bill.csv"
    bill.write_text(BILL)
    answers = []
    for store in (server, f"duckdb:///{tmp_path}/local.duckdb"):
        taken = outlay("--store", store, "import", "focus", str(bill))
        assert (taken["lines"], taken["charges"], taken["matches"]) == (2, 2, True)
        ran = outlay("--store", store, "run")
        assert (ran["billed"], ran["conserved"]) == ("2.123456789012", True)
        answers.append(outlay("--store", store, "costs", "--by", "team")["rows"])
    assert answers[0] == answers[1]
    assert answers[0][0] == {"team": None, "currency": "USD", "amount": "2", "calls": 0}  # type: ignore[index]


def test_a_server_that_does_not_answer_is_named() -> None:
    """A refused connection says which server and what to check."""
    with pytest.raises(EngineFailed, match=r"127\.0\.0\.1:9/outlay does not answer") as failed:
        open_store("clickhouse://127.0.0.1:9/outlay")
    assert failed.value.code == "store-unreachable"
    assert "port" in failed.value.fix
