"""Law 12: with the real clients, whatever the collector does, a host gets what it would get without us."""

import os
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

import outlay
from tests.sdk.chaos_host import results
from tests.sdk.fake_collector import collector, configured, deaf, refusing
from tests.sdk.fake_llm import ANSWER, SECRET, Fake, serve

ROOT = Path(__file__).parents[2]
CALLS = 14 + 14 + 7
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the model, by its own client


@contextmanager
def mood(name: str) -> Iterator[str]:
    """Yield the address of a collector in this mood."""
    with collector(name) as (_, url):
        yield url


MOODS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "refusing": refusing,
    "black hole": deaf,
    **{name: partial(mood, name) for name in ("up", "500", "hang", "drip", "garbage", "half", "401", "400")},
}


@pytest.fixture(scope="module")
def llm() -> Iterator[Fake]:
    """Yield a provider."""
    fake, server = serve()
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def bare(llm: Fake) -> list[str]:
    """Return what a host gets without us."""
    return results(llm.address, lambda client: client)


@pytest.mark.parametrize("name", MOODS)
def test_the_host_gets_the_same_whatever_the_collector_does(
    name: str, llm: Fake, bare: list[str], tmp_path: Path
) -> None:
    """Every answer, stream and error is the same to the byte; nothing of what was said is sent or kept."""
    with MOODS[name]() as url, configured(collector=url, spool=tmp_path, timeout_s=0.5) as lost:
        assert results(llm.address, outlay.track) == bare
        outlay.flush(5)
        assert lost() == ({"refused": CALLS} if name == "400" else {})
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept
    assert ANSWER.split()[0].encode() not in kept
    if name not in ("up", "400"):
        assert kept.count(b"\n") == CALLS


@pytest.mark.parametrize(
    "settings",
    [
        {"collector": "http://127.0.0.1:1", "spool": "/dev/null/no"},
        {"collector": "http://127.0.0.1:1", "spool": False, "queue_events": 2},
        {"collector": "http://no-such-host.invalid"},
        {"events": "/dev/full"},
        {"otlp": "http://127.0.0.1:1", "metrics": True},
        {"collector": "nonsense"},
        {},
    ],
    ids=["no spool", "tiny queue", "no such host", "full disk", "otlp", "bad address", "nothing"],
)
def test_the_host_gets_the_same_however_we_are_configured(
    settings: dict[str, Any], llm: Fake, bare: list[str], tmp_path: Path
) -> None:
    """A disk that is full or not ours, a queue for two, no address: all of it is our own affair."""
    with configured(**{"spool": tmp_path, **settings}) as lost:
        assert results(llm.address, outlay.track) == bare
        outlay.flush(5)
        assert lost() or list(tmp_path.rglob("*.*")) or settings.get("spool")


def test_what_is_sent_says_nothing_of_what_was_said(llm: Fake, tmp_path: Path) -> None:
    """With everything turned on, neither the prompt nor the answer is in any request, file or metric."""
    outlay_names = {"feature": "chaos", "customer": "acme"}
    with collector() as (fake, url), collector() as (otel, other):
        with configured(collector=url, otlp=other, events=tmp_path / "e", metrics=True):
            with outlay.context(**outlay_names):
                results(llm.address, outlay.track)
            assert outlay.flush(20)
        sent = b"".join([*fake.raw, *otel.raw, (tmp_path / "e").read_bytes(), outlay.metrics_text().encode()])
        events = list(fake.events.values())
    assert len(events) == CALLS
    assert b"gpt-4o" in sent
    assert SECRET.encode() not in sent
    assert not [word for word in ANSWER.split() if word.encode() in sent]
    alone = [event for event in events if event.get("feature") == "chaos"]
    assert len(alone) >= 14
    assert {event["customer"] for event in alone} == {"acme"}


def test_a_thousand_calls_leave_nothing_behind(llm: Fake) -> None:
    """Threads, descriptors and objects are as many afterwards as before, however often we are set up anew."""

    def held() -> tuple[int, int]:
        return threading.active_count(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counts, nothing else

    for _ in range(2):
        with mood("garbage") as url, configured(collector=url):
            outlay.record(usage={"input": 1})
            outlay.flush(5)
    before = held()
    with mood("garbage") as url:
        for _ in range(10):
            with configured(collector=url):
                for _ in range(100):
                    outlay.record(usage={"input": 1})
                outlay.flush(5)
    ended = perf_counter() + 20
    while (threading.active_count() > before[0] or held()[1] > before[1]) and perf_counter() < ended:
        threading.Event().wait(0)
    assert held()[0] <= before[0]
    assert held()[1] <= before[1]
    assert llm.address


@pytest.mark.parametrize("on_disk", [True, False])
def test_memory_stays_flat_while_the_collector_is_away(on_disk: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    """Thousands of events that nobody takes end on disk, or are counted; they do not pile up in the program."""
    spool = tmp_path if on_disk else False
    with refusing() as url, configured(collector=url, spool=spool, queue_events=200) as lost:
        tracemalloc.start()
        for number in range(4000):
            outlay.record(provider="openai", model="m", usage={"input": number})
            if number % 150 == 0:
                outlay.flush(5)
        outlay.flush(5)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        kept = sum(path.read_bytes().count(b"\n") for path in tmp_path.rglob("*.*")) if on_disk else 200
        assert kept + sum(lost().values()) == 4000
    assert held < 2 << 20


def program(llm: Fake, settings: str, home: Path) -> tuple[int, str, str, float]:
    """Run the host as a program; return its status, what it printed, and how long it took to leave."""
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "HOME": str(home), "PATH": os.environ["PATH"]}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # a limit on the size of files must not cut those short
    command = [sys.executable, str(ROOT / "tests" / "sdk" / "chaos_host.py"), llm.address, settings, "fork"]
    run = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout is not None
    lines = [run.stdout.readline() for _ in range(3)]
    began = perf_counter()
    out, err = run.communicate(timeout=60)
    return run.returncode, "".join(lines) + out, err, perf_counter() - began


def test_a_program_that_forks_on_a_full_disk_is_the_same_with_and_without_us(llm: Fake, tmp_path: Path) -> None:
    """Output, errors, exit status: the same with a hanging collector and a disk that takes 200 bytes; no delay."""
    alone = program(llm, "none", tmp_path)
    with mood("hang") as url:
        limited = f'{{"collector": "{url}", "events": "{tmp_path / "e"}", "limit": 200, "timeout_s": 30}}'
        with_us = program(llm, limited, tmp_path)
    assert with_us[:3] == alone[:3]
    assert with_us[0] == 0
    assert with_us[3] - alone[3] < 1.5
