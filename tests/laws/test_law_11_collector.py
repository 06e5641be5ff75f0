import os
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import httpx
import pytest

from tests.serve.running import HOME, running

_SENDERS, _BATCH = 2, 50
_TIME = datetime.now(UTC).isoformat()
#: OUTLAY_KILLS=200 kills as often as bench/RESULTS.md says. ClickHouse inside a process takes longer to open.
_KILLS = {"duckdb": int(os.environ.get("OUTLAY_KILLS", "6")), "clickhouse": 2}


class Sender(threading.Thread):
    """Sends batches until the collector is gone; what was not acknowledged is sent again, to the next one."""

    def __init__(self, name: str, client: httpx.Client, begun: int) -> None:
        super().__init__()
        self._name, self._client = name, client
        self.acknowledged = begun
        self.wrong: object = None

    def run(self) -> None:
        """Send until an answer fails to come."""
        try:
            while not self.wrong:
                answer = self._client.post("/v1/events", json=self._batch())
                said = answer.json()
                if (answer.status_code, said["accepted"] + said["duplicates"]) == (200, _BATCH):
                    self.acknowledged += 1
                else:
                    self.wrong = said
        except httpx.TransportError:
            pass

    def _batch(self) -> list[dict[str, object]]:
        said = {"time": _TIME, "provider": "openai", "usage": {"input": 1}}
        return [{"id": ident, **said} for ident in idents(self._name, self.acknowledged)]


def idents(sender: str, batch: int) -> list[str]:
    """Return the ids of the events of a batch."""
    return [f"{sender}-{batch}-{place}" for place in range(_BATCH)]


@pytest.mark.parametrize("engine", ["duckdb", "clickhouse"])
def test_an_acknowledged_event_survives_a_kill_and_is_there_once(engine: str, tmp_path: Path) -> None:
    """A collector under load is killed at drawn moments; it opens every time, and nothing is lost or there twice."""
    url = f"duckdb:///{tmp_path}/s.duckdb" if engine == "duckdb" else f"chdb://{tmp_path}/c?database=s"
    chance, done = Random(f"collector-{engine}"), dict.fromkeys(map(str, range(_SENDERS)), 0)
    for _ in range(_KILLS[engine]):
        with running(url, tmp_path / "journal") as (process, client):
            senders = [Sender(name, client, begun) for name, begun in done.items()]
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
    held = collected(url, tmp_path / "journal")
    promised = {ident for name, batches in done.items() for batch in range(batches) for ident in idents(name, batch)}
    assert promised, "nothing was acknowledged before the first kill"
    assert not sorted(promised - held.keys()), "acknowledged and lost"
    assert set(held.values()) == {1}, "there twice"


def collected(url: str, journal: Path) -> "Counter[str]":
    """Return the ids in a store, with how often each is there, when all of its journal is filed."""
    command = [sys.executable, "-m", "tests.laws.collected", url, str(journal)]
    run = subprocess.run(command, capture_output=True, text=True, env=HOME, check=True)
    return Counter(run.stdout.split())
