"""The collector on this machine: events a second that are acknowledged and on disk, how long one waits, what it holds.

    python bench/collector.py [SECONDS]      one minute by default
    python bench/collector.py memory [MILLIONS]   how much memory it takes over so many events, 20 by default

Beside it, in the same run, what a plain FastAPI route does with the same bodies that only checks them (pydantic models)
and keeps nothing. Senders run on the same cores, and send bodies that were made before.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from time import perf_counter, sleep

_BATCH = 1000
_MILLION = 1_000_000
_MARK = b"@@@@@@@@@@"
_ROOT = Path(__file__).parents[1]
_PEER = _ROOT / "bench" / "peers" / "fastapi_events.py"


def body() -> bytes:
    """Return a batch of realistic events whose ids hold a mark to be replaced; 0.7 KB each."""
    when = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps(
        [
            {
                "id": f"{_MARK.decode()}-{place:04}-0123456789abcdef",
                "time": when,
                "provider": "openai",
                "model": ("gpt-4o-2024-08-06", "gpt-5-mini", "gpt-4o-mini")[place % 3],
                "operation": "chat",
                "usage": {"input": 50 + place, "cache_read": place * 7 % 2000, "output": 1 + place % 800},
                "feature": f"area{place % 8}.action{place % 5}",
                "customer": f"customer-{place % 500}",
                "team": f"team-{place % 6}",
                "user": f"u-{place * 7919 % 20000}",
                "session": f"s-{place * 104729 % 50000}",
                "environment": "production",
                "service": "ai-service",
                "endpoint": "POST /process",
                "prompt": "tagger@3",
                "release": "2026.10.1",
                "trace": f"{place:032x}",
                "span": f"{place:016x}",
                "call": f"call-{_MARK.decode()}-{place}",
                "attempt": 1,
                "response_id": f"chatcmpl-{_MARK.decode()}-{place}",
                "state": "complete",
                "context": {"tier": "default", "processing": "realtime", "region": None},
                "duration_ms": 100 + place,
                "currency": "USD",
            }
            for place in range(_BATCH)
        ]
    ).encode()


@dataclass
class Load:
    """What senders did: batches acknowledged, and how long each took, in seconds."""

    took: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Events a second."""
        return len(self.took) * _BATCH / self.seconds

    def percentile(self, part: float) -> float:
        """Return how long so large a part of the batches took at most, in milliseconds."""
        return sorted(self.took)[min(len(self.took) - 1, int(part * len(self.took)))] * 1000


def send(port: int, *, seconds: float, senders: int, per_second: float | None = None, first: int = 0) -> Load:
    """Send batches for some time: as fast as they are answered, or so many events a second."""
    template, load, lock, number = body(), Load(), threading.Lock(), iter(range(first, 10**9))
    began = perf_counter()

    def work(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        due = began + place / senders * (_BATCH / per_second if per_second else 0)
        while (now := perf_counter()) - began < seconds:
            if per_second:
                sleep(max(0.0, due - now))
                due += senders * _BATCH / per_second
            with lock:
                content = template.replace(_MARK, b"%010d" % next(number))
            sent = perf_counter()
            connection.request("POST", "/v1/events", content, {"content-type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
                sleep(1)
                continue
            if answer.status != HTTPStatus.OK:
                raise SystemExit(said.decode())
            with lock:
                load.took.append(perf_counter() - sent)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = perf_counter() - began
    return load


@contextmanager
def served(command: list[str]) -> Iterator[tuple[int, int]]:
    """Run a server; give its port and process id."""
    environment = {**os.environ, "PYTHONPATH": str(_ROOT / "src")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        found = re.search(r":(\d+)", process.stdout.readline() if process.stdout else "")
        if not found:
            raise SystemExit("the server did not open")
        sleep(2)
        yield int(found[1]), process.pid
        process.terminate()


@contextmanager
def collector() -> Iterator[tuple[int, int, Path]]:
    """Run `outlay serve` on a new store; give its port, process id and journal."""
    with tempfile.TemporaryDirectory(prefix="outlay-bench-") as folder:
        store, journal = f"duckdb:///{folder}/s.duckdb", Path(folder, "journal")
        command = [sys.executable, "-m", "outlay", "--store", store, "serve", "--port", "0", "--run-every", "0"]
        with served([*command, "--journal", str(journal)]) as (port, process):
            yield port, process, journal


def resident(process: int) -> int:
    """Return the memory a process holds, in MB."""
    with Path(f"/proc/{process}/status").open(encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) // 1024


def waiting(port: int) -> int:
    """Return how many bytes of the journal are not filed."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/v1/live?minutes=1")
    return int(json.load(connection.getresponse())["collector"]["waiting_bytes"])


def calls_seen(port: int) -> int:
    """Return how many calls the last hour is said to have had."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/v1/live")
    return sum(row["calls"] for row in json.load(connection.getresponse())["totals"])


def caught_up(port: int, events: int) -> float:
    """Return after how many seconds all events are in the numbers."""
    began = perf_counter()
    while calls_seen(port) < events:
        sleep(0.1)
    return perf_counter() - began


def speed(seconds: float) -> None:
    """Print how fast events are acknowledged, at full load and at half of it."""
    with served([sys.executable, str(_PEER), "18765"]) as (port, _):
        peer = send(port, seconds=seconds / 4, senders=4)
    with collector() as (port, process, _):
        send(port, seconds=2, senders=2)
        full = send(port, seconds=seconds, senders=4, first=10**6)
        behind, memory = waiting(port), resident(process)
        late = caught_up(port, len(full.took) * _BATCH)
    with collector() as (port, _, _):
        half = send(port, seconds=seconds / 2, senders=4, per_second=full.rate / 2)
        fresh = caught_up(port, len(half.took) * _BATCH)
    _say("acknowledged after fsync", full)
    _say("FastAPI, pydantic, no disk", peer)
    print(f"{'ratio':28} {full.rate / peer.rate:>10.2f}")
    _say("at half that load", half)
    print(f"{'in the numbers after':28} {late:>10.1f} s at full load, {fresh:.1f} s at half")
    print(f"{'waited at full load':28} {behind / 1e6:>10,.0f} MB")
    print(f"{'memory':28} {memory:>10,} MB")


def _say(what: str, load: Load) -> None:
    waits = f"p50 {load.percentile(0.5):.0f} ms  p99 {load.percentile(0.99):.0f} ms"
    print(f"{what:28} {load.rate:>10,.0f} events/s   {waits}")


def memory(millions: int) -> None:
    """Print what the collector holds while it takes so many events."""
    with collector() as (port, process, _):
        for million in range(1, millions + 1):
            done = 0
            while done < _MILLION:
                load = send(port, seconds=5, senders=2, first=million * _MILLION + done // _BATCH)
                done += len(load.took) * _BATCH
            held, left = resident(process), waiting(port) / 1e6
            print(f"{million:>4} M events  {held:>6,} MB  {left:>6,.0f} MB wait", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["memory"]:
        memory(int(sys.argv[2]) if sys.argv[2:] else 20)
    else:
        speed(float(sys.argv[1]) if sys.argv[1:] else 60)
