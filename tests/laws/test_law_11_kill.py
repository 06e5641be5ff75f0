import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Self, cast

import pytest

from tests.laws.world import NOW

KILLS = 10
LINES = 40
_ROOT = Path(__file__).parents[2]


def bill(path: Path, number: int) -> Path:
    """Write a bill of an account of its own."""
    line = {
        "ProviderName": "AWS",
        "BillingAccountId": f"account-{number}",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-10-01T00:00:00Z",
        "BillingPeriodEnd": "2026-11-01T00:00:00Z",
        "ChargePeriodStart": "2026-10-05T00:00:00Z",
        "ChargePeriodEnd": "2026-10-06T00:00:00Z",
        "ChargeCategory": "Usage",
        "ServiceName": "Amazon S3",
    }
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, [*line, "BilledCost"])
        writer.writeheader()
        writer.writerows({**line, "BilledCost": f"{number}.{place}"} for place in range(LINES))
    return path


def events(path: Path, number: int) -> Path:
    """Write usage events, one a line."""
    made = [
        {"id": f"{number}-{place}", "time": "2026-10-05T12:00:00Z", "provider": "openai", "usage": {"input": place + 1}}
        for place in range(LINES)
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in made), encoding="utf-8")
    return path


class Importing:
    """One process that imports files, and what it said before it ended or was killed."""

    def __init__(self, url: str, turn: int, files: list[Path]) -> None:
        now = NOW + timedelta(minutes=turn)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.laws.importing", url, now.isoformat(), *map(str, files)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])},
        )
        self.said: list[tuple[str, Any]] = []

    def hear(self, word: str) -> list[list[Any]]:
        """Listen until the process says a word, and return what it said with it."""
        assert self._process.stdout
        for line in self._process.stdout:
            self.said.append(tuple(json.loads(line)))
            if self.said[-1][0] == word:
                return cast("list[list[Any]]", self.said[-1][1])
        raise AssertionError(f"the process ended before it said {word!r}: {self.said}")

    def kill_after(self, seconds: float) -> None:
        """Kill it with SIGKILL when so much time has passed, and hear what it had still said."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
        assert self.end() in (0, -signal.SIGKILL), "it ended by itself"

    def __enter__(self) -> Self:
        """Watch it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave no process behind, whatever happened."""
        if self._process.poll() is None:
            self._process.kill()
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait()

    def end(self) -> int:
        """Hear it out and return its status."""
        assert self._process.stdout
        self.said += [tuple(json.loads(line)) for line in self._process.stdout if line.endswith("\n")]
        return self._process.wait()

    @property
    def acknowledged(self) -> list[str]:
        """Return the files it acknowledged."""
        return [what for word, what in self.said if word == "done"]


@pytest.mark.parametrize("engine", ["duckdb", "clickhouse"])
def test_what_is_acknowledged_survives_a_kill_and_is_there_once(engine: str, tmp_path: Path) -> None:
    """Ten processes are killed at moments drawn by chance: no import is lost, partly there or there twice."""
    url = f"duckdb:///{tmp_path}/s.duckdb" if engine == "duckdb" else f"chdb://{tmp_path}/c?database=s"
    files = [
        make(tmp_path / f"{number:03}{suffix}", number)
        for number in range(KILLS + 4)
        for make, suffix in ((bill, ".csv"), (events, ".ndjson"))
    ]
    chance, acknowledged = Random(f"kills-{engine}"), set[str]()
    for turn in range(KILLS):
        left = [path for path in files if path.name not in acknowledged] or files[-2:]
        with Importing(url, turn, left) as process:
            hold(process.hear("held"), acknowledged)
            process.hear("begin")
            process.kill_after(chance.random() / 5)
            acknowledged |= set(process.acknowledged)
    with Importing(url, KILLS, files) as last:
        hold(last.hear("held"), acknowledged)
        hold(last.hear("held"), {path.name for path in files})
        assert last.end() == 0


def hold(found: list[list[Any]], acknowledged: set[str]) -> None:
    """Hold what a store shows against what was acknowledged: all of it, each once, none of it in part."""
    names = Counter(name for name, _, _ in found)
    assert not acknowledged - set(names), "acknowledged and lost"
    assert set(names.values()) <= {1}, "there twice"
    assert all(lines == held == LINES for _, lines, held in found), "there in part"
