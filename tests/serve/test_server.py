"""The real server, in a process of its own: where it listens, what it refuses, what it leaves behind."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from outlay.errors import Refused
from outlay.serve.address import bind
from outlay.serve.app import serve
from outlay.store import open_store

_PROGRAM = """
import sys
from outlay.serve.app import serve
from outlay.store import open_store
serve(open_store(sys.argv[1]), port=0, ready=lambda text: print(text, flush=True))
"""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.9", "outlay.example"])  # noqa: S104 - refused
def test_only_this_machine_is_served(host: str) -> None:
    """A host that others can reach is refused before anything listens, and it is said why."""
    with pytest.raises(Refused, match="no key") as caught:
        serve(open_store("duckdb:///:memory:"), host=host, port=0)
    assert caught.value.code == "not-loopback"
    assert caught.value.fix


def test_a_port_in_use_is_refused_with_another_to_try() -> None:
    """When something listens there already, the refusal names the option to change."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Refused, match="in use") as caught:
            serve(open_store("duckdb:///:memory:"), port=taken.getsockname()[1])
    assert caught.value.code == "port-in-use"
    assert "--port" in caught.value.fix


def test_a_port_that_is_none_is_refused() -> None:
    """A number that no port can have is refused like any wrong value."""
    with pytest.raises(Refused, match="not a port"):
        bind("127.0.0.1", 70_000)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_address_lies_beside_the_file_while_it_is_served(tmp_path: Path, end: signal.Signals) -> None:
    """`<file>.address` holds the URL that answers, and is gone when the server was interrupted or ended."""
    file = tmp_path / "ledger.duckdb"
    note = tmp_path / "ledger.duckdb.address"
    command = [sys.executable, "-c", _PROGRAM, f"duckdb:///{file}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        url = said.split()[3]
        with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as client:
            assert client.get(f"{url}/v1/health", timeout=30).json()["status"] == "ok"
        assert note.read_text(encoding="utf-8").split()[0] == url
        assert note.stat().st_mode & 0o777 == 0o600
        process.send_signal(end)
        process.wait(timeout=30)
    assert not note.exists()
