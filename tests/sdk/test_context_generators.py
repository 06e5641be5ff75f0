"""Generators, plain and async, that hold a scope of their own between their steps."""

import asyncio
import gc
import inspect
from collections.abc import AsyncIterator, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from contextvars import copy_context
from functools import partial
from typing import Any

import pytest

import outlay
from outlay.sdk.scope import said
from tests.apart import run

Said = dict[str, object]


@outlay.context(feature="inner")
def steps(count: int = 3) -> Generator[Said, str | None, str]:
    """Yield what is said at each step; at the end, return what was sent."""
    heard = ""
    for number in range(count):
        with outlay.context(step=number):
            heard += (yield said()) or ""
    return heard


@outlay.context(feature="inner")
async def steps_async(count: int = 3) -> AsyncIterator[Said]:
    """Yield what is said at each step, after waiting inside it."""
    for number in range(count):
        with outlay.context(step=number):
            await asyncio.sleep(0)
            yield said()


def test_a_generator_keeps_its_scope_between_steps_and_its_caller_keeps_theirs() -> None:
    """Whatever the caller says between two steps, each sees only its own, and nothing is left behind."""
    with outlay.context(customer="acme"):
        walk = steps()
        seen = [next(walk)]
        with outlay.context(feature="outer", customer="beta"):
            seen.append(next(walk))
            assert said() == {"feature": "outer", "customer": "beta"}
    seen.append(next(walk))
    assert seen == [{"customer": "acme", "feature": "inner", "step": n} for n in range(3)]
    assert said() == {}


def test_what_is_sent_thrown_and_returned_goes_through() -> None:
    """`send`, `throw`, `close` and the value of `return` are those of the generator inside."""
    walk = steps()
    next(walk)
    walk.send("a")
    walk.send("b")
    with pytest.raises(StopIteration) as end:
        walk.send("c")
    assert end.value.value == "abc"

    events: list[object] = []

    @outlay.context(feature="inner")
    def stubborn() -> Iterator[int]:
        try:
            yield 1
        except KeyError as error:
            events.append((error.args[0], said()["feature"]))
            yield 2
        finally:
            events.append(said()["feature"])

    walk2 = stubborn()
    assert next(walk2) == 1
    assert walk2.throw(KeyError("k")) == 2  # type: ignore[attr-defined] # it is a generator
    walk2.close()  # type: ignore[attr-defined] # it is a generator
    assert events == [("k", "inner"), "inner"]
    with pytest.raises(StopIteration):
        next(walk2)


def test_an_exception_inside_reaches_the_caller_with_their_scope_in_place() -> None:
    """A generator that fails ends its scope; the caller's holds."""

    @outlay.context(feature="inner")
    def failing() -> Iterator[int]:
        yield 1
        raise LookupError

    walk = failing()
    with outlay.context(feature="outer"):
        next(walk)
        with pytest.raises(LookupError):
            next(walk)
        assert said() == {"feature": "outer"}


@pytest.mark.parametrize("decorated", [True, False])
def test_an_abandoned_generator_says_nothing_more_and_takes_nothing_away(
    *, decorated: bool, recwarn: pytest.WarningsRecorder
) -> None:
    """A generator dropped or closed half-way, by anybody, in any context, leaves everybody's scope as it is."""

    def plain() -> Iterator[int]:
        with outlay.context(feature="inner"):
            yield 1
            yield 2

    function = outlay.context(feature="inner")(plain) if decorated else plain

    def began() -> Iterator[int]:
        walk = function()
        next(walk)
        return walk

    walk = copy_context().run(began)  # its scope is set where nobody will ever look again
    with outlay.context(feature="outer", customer="acme"):
        del walk
        gc.collect()
        assert said() == {"feature": "outer", "customer": "acme"}
        with outlay.context(customer="beta"):
            walk = copy_context().run(began)
            walk.close()  # type: ignore[attr-defined] # it is a generator
            assert said() == {"feature": "outer", "customer": "beta"}
    assert said() == {}
    assert not recwarn.list


def test_a_scope_left_out_of_order_takes_away_only_what_it_said() -> None:
    """A `with` in a generator that its caller closes inside a scope of their own ends alone."""

    def plain() -> Iterator[int]:
        with outlay.context(feature="inner", plan="pro"):
            yield 1

    walk = plain()
    next(walk)
    with outlay.context(customer="acme"):
        assert said() == {"feature": "inner", "plan": "pro", "customer": "acme"}
        walk.close()  # type: ignore[attr-defined] # it is a generator
        assert said() == {"customer": "acme"}
    assert said() == {}


def test_a_decorated_generator_is_still_one_for_frameworks() -> None:
    """What looks for generator functions, such as `contextmanager` and dependency injection, finds one."""
    assert inspect.isgeneratorfunction(steps)
    assert inspect.isasyncgenfunction(steps_async)
    assert steps.__name__ == "steps"

    @contextmanager
    @outlay.context(feature="inner")
    def resource() -> Iterator[Said]:
        yield said()

    with outlay.context(feature="outer"), resource() as seen:
        assert seen == {"feature": "inner"}
        assert said() == {"feature": "outer"}


def test_an_async_generator_keeps_its_scope_between_steps_and_its_caller_keeps_theirs() -> None:
    """The same with `async for`, although both wait in between, and other tasks run."""

    async def consume(customer: str) -> list[Said]:
        seen = []
        with outlay.context(customer=customer):
            async for each in steps_async():
                seen.append(each)
                assert said() == {"customer": customer}
                await asyncio.sleep(0)
        assert said() == {}
        return seen

    async def both() -> list[list[Said]]:
        return [*await asyncio.gather(consume("acme"), consume("beta"))]

    for customer, seen in zip(("acme", "beta"), run(both()), strict=True):
        assert seen == [{"customer": customer, "feature": "inner", "step": n} for n in range(3)]


def test_what_is_sent_and_thrown_into_an_async_generator_goes_through() -> None:
    """`asend`, `athrow` and `aclose` are those of the generator inside, in its scope."""
    events: list[object] = []

    @outlay.context(feature="inner")
    async def stubborn() -> AsyncIterator[object]:
        try:
            events.append((yield 1))
            yield 2
        except KeyError:
            events.append(said()["feature"])
            yield 3
        finally:
            await asyncio.sleep(0)
            events.append(said()["feature"])

    async def drive() -> list[object]:
        walk: Any = stubborn()
        found = [await anext(walk), await walk.asend("heard"), await walk.athrow(KeyError())]
        await walk.aclose()
        found.append(said())
        return found

    assert run(drive()) == [1, 2, 3, {}]
    assert events == ["heard", "inner", "inner"]


def test_abandoned_async_generators_are_cleared_up_without_a_complaint() -> None:
    """One left with `break`, one closed by another task, one that a loop closes at its end: no error, no scope left."""
    complaints: list[dict[str, Any]] = []
    cleared: list[object] = []

    @outlay.context(feature="inner")
    async def slow_to_close() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            cleared.append(said()["feature"])

    kept = []

    async def leave() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, found: complaints.append(found))
        with outlay.context(feature="outer"):
            async for _ in slow_to_close():
                break
            gc.collect()
            await asyncio.sleep(0)
            other: Any = slow_to_close()
            await anext(other)
            await asyncio.create_task(other.aclose())
            assert said() == {"feature": "outer"}
            last: Any = slow_to_close()
            await anext(last)
            kept.append(last)  # alive when the loop ends, which closes it

    run(leave())
    assert complaints == []
    assert cleared == ["inner"] * 3


def test_a_step_that_is_cancelled_ends_in_its_own_scope_only() -> None:
    """Cancelling a task in the middle of a step restores nothing in anybody else's task."""

    @outlay.context(feature="inner")
    async def waiting() -> AsyncIterator[int]:
        yield 1
        await asyncio.Event().wait()
        yield 2

    async def consume() -> None:
        async with aclosing(waiting()) as walk:  # type: ignore[type-var] # it has aclose
            async for _ in walk:
                pass

    async def cancel() -> Said:
        with outlay.context(customer="acme"):
            task = asyncio.create_task(consume())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return said()

    assert run(cancel()) == {"customer": "acme"}


def test_a_generator_stepped_in_many_threads_keeps_its_scope() -> None:
    """Frameworks take each step of a plain generator in another thread; the decorator's scope goes along."""
    walk = steps()
    seen = []
    for _ in range(3):
        with ThreadPoolExecutor(1) as pool:
            seen.append(pool.submit(copy_context().run, next, walk).result())
    assert [each["feature"] for each in seen] == ["inner"] * 3
    assert [each["step"] for each in seen] == [0, 1, 2]


def test_whatever_can_be_called_can_be_decorated() -> None:
    """Partials, objects with `__call__` and functions that return a coroutine are scopes until their work is done."""

    async def work(name: str) -> tuple[str, object]:
        await asyncio.sleep(0)
        return name, said().get("feature")

    class Worker:
        async def __call__(self, name: str) -> tuple[str, object]:
            return await work(name)

    def returning(name: str) -> Coroutine[Any, Any, tuple[str, object]]:
        return work(name)

    decorate = outlay.context(feature="f")
    for each in (decorate(partial(work, "x")), partial(decorate(Worker()), "x"), partial(decorate(returning), "x")):
        assert run(each()) == ("x", "f")
    assert decorate(len)([1]) == 1
