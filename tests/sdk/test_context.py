import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from threading import Barrier

import pytest

import outlay
from outlay.sdk.scope import said
from tests import apart


def test_scopes_nest_narrow_and_end() -> None:
    """An inner scope adds and overrides, None leaves the outer as it is, and leaving restores what held before."""
    with outlay.context(feature="search.answer", customer="acme"):
        with outlay.context(customer="beta", team=None, plan="pro"):
            assert said() == {"feature": "search.answer", "customer": "beta", "plan": "pro"}
        assert said() == {"feature": "search.answer", "customer": "acme"}
    assert said() == {}


def test_an_exception_ends_the_scope_and_goes_on() -> None:
    """What is raised inside reaches the caller, and the scope is over."""
    with pytest.raises(KeyError), outlay.context(feature="f"):
        raise KeyError
    assert said() == {}


def test_a_decorated_function_runs_in_its_scope() -> None:
    """Each call is a scope; the function keeps its name, arguments, result, and may call itself."""

    @outlay.context(feature="f")
    def depth(n: int) -> list[dict[str, object]]:
        """Go down."""
        with outlay.context(step=n):
            return [said(), *(depth(n - 1) if n else [])]

    assert (depth.__name__, depth.__doc__) == ("depth", "Go down.")
    assert depth(1) == [{"feature": "f", "step": 1}, {"feature": "f", "step": 0}]
    assert said() == {}


def test_tasks_of_one_decorated_coroutine_do_not_mix() -> None:
    """Coroutines that interleave see their own scope before and after every await, sharing one decorator."""

    @outlay.context(feature="f")
    async def work(customer: str, turns: asyncio.Queue[None]) -> list[dict[str, object]]:
        with outlay.context(customer=customer):
            seen = [said()]
            await asyncio.sleep(0)
            turns.put_nowait(None)
            await asyncio.sleep(0)
            return [*seen, said()]

    async def both() -> list[list[dict[str, object]]]:
        turns: asyncio.Queue[None] = asyncio.Queue()
        return await asyncio.gather(*(work(name, turns) for name in ("a", "b", "c")))

    for name, seen in zip("abc", apart.run(both()), strict=True):
        assert seen == [{"feature": "f", "customer": name}] * 2


def test_threads_have_scopes_of_their_own() -> None:
    """A new thread begins with nothing said; a copied context carries what its maker said."""
    meet = Barrier(2, timeout=10)

    def inside(name: str) -> dict[str, object]:
        before = said()
        with outlay.context(customer=name):
            meet.wait()
            return {**before, **said()}

    with ThreadPoolExecutor(2) as pool, outlay.context(feature="f"):
        alone = pool.submit(inside, "a")
        carried = pool.submit(copy_context().run, inside, "b")
        assert (alone.result(), carried.result()) == ({"customer": "a"}, {"feature": "f", "customer": "b"})


def test_what_is_recorded_carries_the_scope(tmp_path: Path) -> None:
    """An event says what the scopes around it say; what record is given counts more; the rest becomes tags."""
    outlay.configure(events=tmp_path / "e.ndjson")
    with outlay.context(feature="f", customer=7, plan="pro"):
        outlay.record(provider="openai", model="m", usage={"input": 5}, customer="acme", attempt=2)
    outlay.configure()
    event = json.loads((tmp_path / "e.ndjson").read_text(encoding="utf-8"))
    assert (event["feature"], event["customer"], event["tags"], event["attempt"]) == ("f", "acme", {"plan": "pro"}, 2)
    assert (event["sensor"], event["usage"], event["state"], len(event["id"])) == ("sdk", {"input": 5}, "complete", 32)
