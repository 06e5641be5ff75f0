import http.client
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

_ROOT = Path(__file__).parents[2]
_HOME = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])}
_SENDERS, _BATCH = 2, 50
_TIME = datetime.now(UTC).isoformat()
#: OUTLAY_KILLS=200 kills as often as bench/RESULTS.md says. ClickHouse inside a process takes longer to open.
_KILLS = {"duckdb": int(os.environ.get("OUTLAY_KILLS", "6")), "clickhouse": 2}


@contextmanager
def collecting(url: str, journal: Path) -> "Iterator[tuple[subprocess.Popen[str], int]]":
    """Run a collector in a process of its own; on leaving it is killed, if it still runs."""
    process = subprocess.Popen(_command("serve", url, journal), stdout=subprocess.PIPE, text=True, cwd=_ROOT, env=_HOME)
    assert process.stdout
    try:
        found = re.search(r":(\d+)", process.stdout.readline())
        assert found, "the collector did not open"
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def shown(url: str, journal: Path) -> "Counter[str]":
    """Return the ids in a store, with how often each is there, when all of its journal is filed."""
    run = subprocess.run(
        _command("show", url, journal), capture_output=True, text=True, cwd=_ROOT, env=_HOME, check=True
    )
    return Counter(run.stdout.split())


def _command(task: str, url: str, journal: Path) -> list[str]:
    return [sys.executable, "-m", "tests.laws.collecting", task, url, str(journal)]


class Sender(threading.Thread):
    """Sends batches until the collector is gone; sends the one that was not acknowledged again, to the next one."""

    def __init__(self, name: str, port: int, begun: int) -> None:
        super().__init__()
        self._name, self._port = name, port
        self.acknowledged = begun
        self.wrong: list[object] = []

    def run(self) -> None:
        """Send until an answer fails to come."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            while True:
                connection.request("POST", "/v1/events", self._body(), {"content-type": "application/json"})
                answer = connection.getresponse()
                said = json.loads(answer.read())
                if (answer.status, said["accepted"] + said["duplicates"]) != (200, _BATCH):
                    self.wrong.append(said)
                    return
                self.acknowledged += 1
        except (OSError, http.client.HTTPException):
            connection.close()

    def _body(self) -> str:
        return json.dumps(
            [
                {"id": ident, "time": _TIME, "provider": "openai", "usage": {"input": 1}}
                for ident in idents(self._name, self.acknowledged)
            ]
        )


def idents(sender: str, batch: int) -> list[str]:
    """Return the ids of the events of a batch."""
    return [f"{sender}-{batch}-{place}" for place in range(_BATCH)]


@pytest.mark.parametrize("engine", ["duckdb", "clickhouse"])
def test_an_acknowledged_event_survives_a_kill_and_is_there_once(engine: str, tmp_path: Path) -> None:
    """A collector under load is killed at moments drawn by chance; it opens every time, and nothing is lost or twice."""
    url = f"duckdb:///{tmp_path}/s.duckdb" if engine == "duckdb" else f"chdb://{tmp_path}/c?database=s"
    chance, done = Random(f"collector-{engine}"), dict.fromkeys(map(str, range(_SENDERS)), 0)
    for _ in range(_KILLS[engine]):
        with collecting(url, tmp_path / "journal") as (process, port):
            senders = [Sender(name, port, begun) for name, begun in done.items()]
            for sender in senders:
                sender.start()
            try:
                process.wait(chance.random() * 1.5)
            except subprocess.TimeoutExpired:
                process.kill()
        for name, sender in zip(done, senders, strict=True):
            sender.join()
            assert not sender.wrong
            done[name] = sender.acknowledged
    held = shown(url, tmp_path / "journal")
    promised = {ident for name, batches in done.items() for batch in range(batches) for ident in idents(name, batch)}
    assert promised, "nothing was acknowledged before the first kill"
    assert not sorted(promised - held.keys()), "acknowledged and lost"
    assert set(held.values()) == {1}, "there twice"
