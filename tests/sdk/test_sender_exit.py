"""How programs end: quickly, whatever the collector does, and with every event delivered or on disk."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from tests.sdk.fake_collector import FakeCollector, collector, deaf, refusing

ROOT = Path(__file__).parents[2]
HEAD = """
import os, sys
sys.path.insert(0, {source!r})
import outlay
outlay.configure(collector={url!r}, spool={spool!r})
def record(n, **fields):
    for number in range(n): outlay.record(provider="openai", model="m", usage={{"input": number}}, **fields)
"""
#: The most that an exit may take, with room for a busy machine around the promised second.
MOST_S = 2.5


class Ended:
    """A program that ran: what it printed, how long it took to leave, and which events can be found again."""

    def __init__(
        self, run: "subprocess.CompletedProcess[str]", took_s: float, spool: Path, fake: FakeCollector
    ) -> None:
        self.status, self.out, self.err = run.returncode, run.stdout, run.stderr
        self.took_s = took_s
        self.on_disk = [json.loads(line) for path in spool.rglob("*.*") for line in path.read_text().splitlines()]
        self.names = sorted(path.suffix for path in spool.rglob("*.*"))
        self.arrived = fake.events
        self.found = {event["id"] for event in self.on_disk} | set(fake.events)


def run(body: str, url: str, spool: Path, fake: FakeCollector | None = None, **more: Any) -> Ended:  # noqa: ANN401
    """Run a program to its end. It prints the moment it begins to leave, if it wants that measured."""
    head = HEAD.format(source=str(ROOT / "src"), url=url, spool=str(spool))
    program = subprocess.Popen(
        [sys.executable, *more.pop("flags", ("-I",)), "-c", head + body],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **more,
    )
    assert program.stdout is not None
    first = program.stdout.readline()
    began = perf_counter()
    try:
        out, err = program.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)  # its children hold the pipes, too
        raise
    done = subprocess.CompletedProcess(program.args, program.returncode, first + out, err)
    return Ended(done, perf_counter() - began, spool, fake or FakeCollector())


@contextmanager
def misbehaving(mode: str) -> Iterator[str]:
    """Yield the address of a collector in a bad mood."""
    with collector(mode) as (_, url):
        yield url


WAYS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "refusing": refusing,
    "black hole": deaf,
    **{mode: partial(misbehaving, mode) for mode in ("hang", "drip", "503", "500", "garbage", "half", "401")},
}


@pytest.mark.parametrize("way", WAYS)
def test_leaving_takes_less_than_a_second_and_loses_nothing(way: str, tmp_path: Path) -> None:
    """Whatever the collector does, the program ends in time, in silence, with every event on disk."""
    with WAYS[way]() as url:
        ended = run("record(300)\nprint('leaving', flush=True)", url, tmp_path)
    assert (ended.status, ended.out, ended.err) == (0, "leaving\n", "")
    assert len({event["id"] for event in ended.on_disk}) == 300
    assert set(ended.names) == {".ndjson"}
    assert ended.took_s < MOST_S


def test_leaving_delivers_what_was_recorded_last(tmp_path: Path) -> None:
    """With a collector that is there, a program that records and ends has delivered everything."""
    with collector() as (fake, url):
        ended = run("record(300)\nprint('leaving', flush=True)", url, tmp_path, fake)
    assert (ended.status, ended.err, len(ended.arrived), ended.on_disk) == (0, "", 300, [])
    assert ended.took_s < MOST_S


def test_the_next_program_delivers_what_the_last_one_left(tmp_path: Path) -> None:
    """What waits on disk is sent by the next process that talks to the same collector under the same key."""
    with refusing() as url:
        left = run("record(50)", url, tmp_path)
        assert len(left.on_disk) == 50
        port = int(url.rpartition(":")[2])
    with collector(port=port) as (fake, _):
        ended = run("record(1)\nassert outlay.flush(20), outlay.drops()", url, tmp_path, fake)
    assert (ended.status, ended.err, ended.on_disk) == (0, "", [])
    assert len(fake.events) == 51
    assert {event["id"] for event in left.on_disk} < set(fake.events)


def test_many_processes_share_a_spool_and_nothing_is_sent_twice(tmp_path: Path) -> None:
    """Eight processes that find a hundred files deliver each of them once."""
    again = "outlay.configure(collector={url!r}, spool={spool!r})"
    body = f"for n in range(20):\n    record(1)\n    outlay.flush(5)\n    {again}"
    with refusing() as url:
        for _ in range(5):
            run(body.format(url=url, spool=str(tmp_path)), url, tmp_path)
        waiting = len(list(tmp_path.rglob("*.ndjson")))
        port = int(url.rpartition(":")[2])
    assert waiting >= 5
    with collector(port=port) as (fake, _):
        head = HEAD.format(source=str(ROOT / "src"), url=url, spool=str(tmp_path))
        command = [sys.executable, "-I", "-c", f"{head}record(1)\nassert outlay.flush(30), outlay.drops()"]
        others = [subprocess.Popen(command) for _ in range(4)]
        assert [other.wait(60) for other in others] == [0] * 4
        assert sum(request["count"] for request in fake.requests) == len(fake.events) == 104
    assert list(tmp_path.rglob("*.*")) == []


ENDINGS = {
    "process": """
import multiprocessing as m
record(10)
p = m.get_context('fork').Process(target=record, args=(10,))
p.start(); p.join(); assert p.exitcode == 0
""",
    "pool": """
import multiprocessing as m
record(10)
with m.get_context('fork').Pool(2) as pool:
    pool.map(record, [5, 5]); pool.close(); pool.join()
""",
    "executor": """
from concurrent.futures import ProcessPoolExecutor
import multiprocessing as m
record(10)
with ProcessPoolExecutor(1, mp_context=m.get_context('fork')) as pool: pool.submit(record, 10).result()
""",
    "fork": """
record(10)
pid = os.fork()
if not pid:
    record(10); sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
""",
    "thread": """
from threading import Thread
record(10)
Thread(target=record, args=(10,)).start()
""",
    "asyncio": """
import asyncio
async def work():
    record(10); await asyncio.sleep(0); record(10)
asyncio.run(work())
""",
    "atexit": """
import atexit
atexit.register(record, 10)
record(10)
""",
    "exit": """
record(20)
raise SystemExit
""",
    "del": """
class Late:
    def __del__(self, record=record): record(10)
late = Late()
record(10)
""",
}
#: What is recorded when our exit handler has run can only go to the disk, and from a destructor nowhere.
LATE = "atexit"
TOO_LATE = "del"


@pytest.mark.parametrize("way", ["up", "hang"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_every_way_to_end_delivers_or_writes_down_everything(ending: str, way: str, tmp_path: Path) -> None:
    """Children, forks, threads, loops and exit handlers: all events are found, each sent once."""
    with collector(way) as (fake, url):
        ended = run(f"print('begun', flush=True)\n{ENDINGS[ending]}", url, tmp_path, fake)
        assert (ended.status, ended.err, len(ended.found)) == (0, "", 10 if ending == TOO_LATE else 20)
        if way == "up":
            assert sum(request["count"] for request in fake.requests) == len(fake.events)
            assert ended.on_disk == [] or ending == LATE
    assert ended.took_s < 2 * MOST_S


def test_methods_of_starting_children_make_no_difference(tmp_path: Path) -> None:
    """Children that are spawned, forked by a server or forked deliver what they recorded before they are gone."""
    program = tmp_path / "host.py"
    program.write_text(
        "import sys\nsys.path.insert(0, sys.argv[1])\nimport multiprocessing as m, outlay\n"
        "def work():\n"
        "    outlay.configure(collector=sys.argv[2], spool=sys.argv[3])\n"
        "    for n in range(10): outlay.record(usage={'input': n})\n"
        "if __name__ == '__main__':\n"
        "    for how in ('spawn', 'forkserver', 'fork'):\n"
        "        child = m.get_context(how).Process(target=work)\n"
        "        child.start(); child.join(); assert child.exitcode == 0\n"
    )
    with collector() as (fake, url):
        command = [sys.executable, str(program), str(ROOT / "src"), url, str(tmp_path / "spool")]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (run.returncode, run.stderr) == (0, "")
        assert (len(fake.events), sum(request["count"] for request in fake.requests)) == (30, 30)


def test_a_program_forks_with_no_thread_of_ours(tmp_path: Path) -> None:
    """At every fork the program has its own thread only, so that newer Pythons do not warn it; nothing is lost."""
    body = (
        "import os, sys\nseen = []\n"
        "os.register_at_fork(before=lambda: seen.append(len(os.listdir('/proc/self/task'))))\n"
        "sys.path.insert(0, sys.argv[1])\nimport outlay\n"
        "outlay.configure(collector=sys.argv[2], spool=sys.argv[3], every_s=0.001)\n"
        "for n in range(20):\n"
        "    outlay.record(usage={'input': n})\n"
        "    if not os.fork(): os._exit(0)\n"
        "    os.wait()\n"
        "print(*seen)\n"
    )
    with collector() as (fake, url):
        command = [sys.executable, "-I", "-c", body, str(ROOT / "src"), url, str(tmp_path)]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (run.returncode, run.stdout.split(), run.stderr) == (0, ["1"] * 20, "")
        assert len(fake.events) == 20


def test_a_thread_that_goes_on_recording_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """A daemon thread that records without pause is cut off like any other; no complaint is printed."""
    body = """
from threading import Thread
def for_ever():
    while True: record(1)
Thread(target=for_ever, daemon=True).start()
record(100)
print('leaving', flush=True)
"""
    for mode in ("up", "hang"):
        with collector(mode) as (fake, url):
            ended = run(body, url, tmp_path / mode, fake)
        assert (ended.status, ended.err) == (0, "")
        assert ended.took_s < 2 * MOST_S


def test_a_fork_while_the_sender_is_busy_neither_hangs_nor_sends_twice(tmp_path: Path) -> None:
    """Two hundred forks at random moments of the sender's work: each child records, sends and leaves."""
    body = """
import random
chance = random.Random(7)
children = []
for n in range(60):
    record(chance.randrange(40))
    pid = os.fork()
    if not pid:
        record(3)
        outlay.flush(20)
        os._exit(0)
    children.append(pid)
    if len(children) >= 8:
        for child in children: assert os.waitpid(child, 0)[1] == 0
        children.clear()
for child in children: assert os.waitpid(child, 0)[1] == 0
"""
    with collector() as (fake, url):
        ended = run(f"{body}\nprint('leaving', flush=True)", url, tmp_path, fake)
        assert (ended.status, ended.err) == (0, "")
        assert sum(request["count"] for request in fake.requests) == len(fake.events)
        threes = [event for event in fake.events.values() if event["usage"]["input"] < 3]
    assert len(threes) >= 180


@pytest.mark.parametrize("way", ["up", "hang"])
def test_a_signal_ends_the_program_as_it_would_without_us(way: str, tmp_path: Path) -> None:
    """SIGTERM keeps its usual effect, at once: no handler of ours is in the way."""
    body = "record(10)\nprint('leaving', flush=True)\nimport signal\nos.kill(os.getpid(), signal.SIGTERM)"
    with collector(way) as (fake, url):
        ended = run(body, url, tmp_path, fake)
    assert (ended.status, ended.err) == (-15, "")
    assert ended.took_s < 1


def test_leaving_without_a_word_is_as_quick_as_without_us(tmp_path: Path) -> None:
    """`os._exit` is not held up; what was flushed before it has arrived."""
    with collector() as (fake, url):
        ended = run(
            "record(10)\nassert outlay.flush(20)\nprint('leaving', flush=True)\nos._exit(3)", url, tmp_path, fake
        )
    assert (ended.status, ended.err, len(ended.arrived)) == (3, "", 10)


def test_where_no_thread_can_be_started_events_are_sent_at_the_end(tmp_path: Path) -> None:
    """A program that may have no more threads runs as usual; its events go to the disk when it ends."""
    body = """
import resource, threading
def no_more(*a, **k): raise RuntimeError("can't start new thread")
threading._start_new_thread = no_more
record(10)
print('leaving', flush=True)
"""
    with collector() as (fake, url):
        ended = run(body, url, tmp_path, fake)
    assert (ended.status, ended.err, len(ended.found)) == (0, "", 10)


def test_without_a_spool_what_could_not_be_sent_is_counted(tmp_path: Path) -> None:
    """Nothing is written anywhere, and the count says how many are gone."""
    body = (
        "outlay.configure(collector={url!r}, spool=False)\nrecord(10)\n"
        "from outlay.sdk import recording\nrecording._at_exit()\nprint(outlay.drops(), flush=True)"
    )
    with refusing() as url:
        ended = run(body.format(url=url), url, tmp_path)
    assert (ended.status, ended.out, ended.err, ended.on_disk) == (0, "{'exit': 10}\n", "", [])


def test_a_spool_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    """A file in the place of the folder: events are lost, counted, and the program ends as usual."""
    (tmp_path / "taken").write_text("")
    body = "record(10)\nfrom outlay.sdk import recording\nrecording._at_exit()\nprint(outlay.drops(), flush=True)"
    with refusing() as url:
        ended = run(body, url, tmp_path / "taken")
    assert (ended.status, ended.out, ended.err) == (0, "{'exit': 10}\n", "")
