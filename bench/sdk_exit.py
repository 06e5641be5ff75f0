"""How long a program takes to end when it has just recorded events, and what becomes of them.

    python bench/sdk_exit.py [EVENTS]

For a collector that is up, refuses, hangs, answers 503, answers nothing sensible, or is behind a black hole: a program
records so many events (1,000 if not said) and ends. Measured is from its last statement to its end as its parent sees
it, less what a program without Outlay takes for that; the median of some rounds. Events are counted where they can be
found again: at the collector, or on disk.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.sdk.fake_collector import FakeCollector, collector, deaf, refusing  # noqa: E402 - found by the line above

_ROUNDS = 7
_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import outlay
outlay.configure(collector=sys.argv[2], spool=sys.argv[3])
for number in range(int(sys.argv[4])):
    outlay.record(provider="openai", model="gpt-4o-mini", usage={"input": number}, feature="bench")
print("ends", flush=True)
"""
_BARE = 'import sys, threading, json, http.client, ssl\nprint("ends", flush=True)'


@contextmanager
def _mood(mode: str) -> Iterator[tuple[FakeCollector | None, str]]:
    with collector(mode) as (fake, url):
        yield fake, url


@contextmanager
def _nobody(place: Callable[[], AbstractContextManager[str]]) -> Iterator[tuple[FakeCollector | None, str]]:
    with place() as url:
        yield None, url


_PLACES: dict[str, Callable[[], AbstractContextManager[tuple[FakeCollector | None, str]]]] = {
    "up": partial(_mood, "up"),
    "refusing": partial(_nobody, refusing),
    "hanging": partial(_mood, "hang"),
    "a byte now and then": partial(_mood, "drip"),
    "503": partial(_mood, "503"),
    "garbage": partial(_mood, "garbage"),
    "black hole": partial(_nobody, deaf),
}


def ends(program: str, *arguments: str) -> float:
    """Run a program; return the seconds from its last statement to its end."""
    command = [sys.executable, "-I", "-c", program, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None  # noqa: S101 - it was asked for
        run.stdout.readline()
        began = perf_counter()
        run.wait()
        return perf_counter() - began


def main() -> None:
    """Measure every place in turn and print a line for each."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    bare_s = median(ends(_BARE) for _ in range(_ROUNDS))
    print(f"a program without Outlay ends in {bare_s * 1000:.0f} ms; {events:,} events, median of {_ROUNDS}, and worst")
    for name, place in _PLACES.items():
        took_s, lost = [], 0
        for _ in range(_ROUNDS):
            with tempfile.TemporaryDirectory(prefix="outlay-bench-") as folder, place() as (fake, url):
                took_s.append(ends(_PROGRAM, str(ROOT / "src"), url, folder, str(events)) - bare_s)
                on_disk = [line for path in Path(folder).rglob("*.*") for line in path.read_text().splitlines()]
                found = {json.loads(line)["id"] for line in on_disk} | set(fake.events if fake else ())
                lost += events - len(found)
        print(f"{name:20} {median(took_s) * 1000:5.0f} ms {max(took_s) * 1000:5.0f} ms   {lost:,} events lost")


if __name__ == "__main__":
    main()
