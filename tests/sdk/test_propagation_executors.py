"""Threads, pools of threads and pools of processes, which forget who asked unless told."""

import asyncio
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent import futures
from decimal import Decimal
from pathlib import Path
from threading import Thread, Timer

import pytest

import outlay
from outlay.sdk.propagate.executors import Carrying, ProcessPoolExecutor, ThreadPoolExecutor
from outlay.sdk.scope import said
from tests.apart import run
from tests.sdk.jobs import heard

ROOT = Path(__file__).parents[2]


def test_a_carried_function_runs_in_the_scope_it_was_carried_in() -> None:
    """In a plain thread, a timer and a pool: what was said there and then, whatever is said around it now."""
    seen: list[dict[str, object]] = []
    with outlay.context(feature="f", customer="acme"):
        carried = outlay.carry(lambda: seen.append(said()))
    with outlay.context(feature="other", plan="pro"):
        carried()
        for thread in (Thread(target=carried), Timer(0, carried)):
            thread.start()
            thread.join()
        with futures.ThreadPoolExecutor(1) as pool:
            pool.submit(carried).result()
        assert said() == {"feature": "other", "plan": "pro"}
    assert seen == [{"feature": "f", "customer": "acme"}] * 4


def test_arguments_results_and_errors_of_a_carried_function_are_its_own() -> None:
    """It takes what the function takes, returns what it returns and raises what it raises, in scope or out of it."""
    assert outlay.carry(max)(1, 2, key=lambda n: -n) == 1
    assert Thread(target=outlay.carry(heard)).name.endswith("(heard)")
    with pytest.raises(ZeroDivisionError):
        outlay.carry(divmod)(1, 0)
    assert said() == {}


def test_coroutines_and_generators_are_carried_whole() -> None:
    """What is awaited or stepped later, in another loop or thread, is still in the scope it was carried in."""

    async def work() -> object:
        await asyncio.sleep(0)
        return said()["feature"]

    def steps() -> Iterator[object]:
        yield said()["feature"]
        yield said()["feature"]

    with outlay.context(feature="f"):
        carried, stepped, returning = outlay.carry(work), outlay.carry(steps), outlay.carry(lambda: work())  # noqa: PLW0108 - a plain function that returns a coroutine
    assert run(carried()) == "f"
    assert run(returning()) == "f"
    assert list(stepped()) == ["f", "f"]


def _pools() -> dict[str, Callable[[], futures.Executor]]:
    spawn = multiprocessing.get_context("spawn")
    return {
        "threads": lambda: ThreadPoolExecutor(2),
        "processes": lambda: ProcessPoolExecutor(1, mp_context=spawn),
        "any-other": lambda: Carrying(futures.ThreadPoolExecutor(2)),
    }


@pytest.mark.parametrize("kind", sorted(_pools()))
def test_a_pool_works_in_the_scope_of_whoever_submits(kind: str) -> None:
    """By `submit`, by `map` and by `run_in_executor`; work for another customer on the same worker hears its own."""

    async def through_a_loop(pool: futures.Executor) -> dict[str, object]:
        return await asyncio.get_running_loop().run_in_executor(pool, heard)

    def ask(customer: str) -> list[dict[str, object]]:
        with outlay.context(feature="f", customer=customer):
            return [pool.submit(heard).result(), *pool.map(heard, [1, 2]), run(through_a_loop(pool))]

    with _pools()[kind]() as pool:
        for customer in ("acme", "beta"):
            for found in ask(customer):
                pid = found.pop("pid")
                assert found == {"feature": "f", "customer": customer}
                assert (pid == os.getpid()) == (kind != "processes")
        assert set(pool.submit(heard).result()) == {"pid"}


def test_a_scope_is_never_why_work_cannot_be_sent() -> None:
    """Values that cannot be pickled, or are more than text and numbers, stay behind; the work goes."""
    with outlay.context(feature="f", customer=17, lock=Thread(), money=Decimal(1)):
        sent = pickle.loads(pickle.dumps(outlay.carry(heard)))  # noqa: S301 - our own
    assert {name: value for name, value in sent().items() if name != "pid"} == {"feature": "f", "customer": 17}


_FORKING = """
import json, multiprocessing, outlay
from outlay.sdk.propagate.executors import ProcessPoolExecutor
from tests.sdk.jobs import heard
with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
    with outlay.context(customer="acme"):
        first = pool.submit(heard).result()
    print(json.dumps([first, pool.submit(heard).result()]))
"""


def test_a_forked_worker_started_in_a_scope_does_not_keep_it() -> None:
    """Work submitted later, in no scope, on a worker that was forked in one, is in none."""
    # In a program of its own: this one may hold an engine's threads, which a fork would lose.
    out = subprocess.run([sys.executable, "-c", _FORKING], cwd=ROOT, capture_output=True, timeout=60, check=True).stdout
    first, second = json.loads(out)
    assert first["pid"] == second["pid"]
    assert first["customer"] == "acme"
    assert set(second) == {"pid"}
