import asyncio
import contextlib
import gc
import inspect
from collections.abc import AsyncIterator, Generator
from decimal import Decimal

import pytest

import outlay
from outlay.testing import recorded
from tests import apart


@outlay.metered(provider="acme-ocr", model="ocr-2", usage=lambda pages: {"page": len(pages)}, operation="scan")
def scan(pages: int) -> list[str]:
    """Scan a document."""
    if pages < 0:
        raise ValueError(pages)
    return ["text"] * pages


@outlay.metered(provider="gpu-farm", usage={"gpu_second": Decimal("2.5")}, pool="a100")
async def render(result: str) -> str:
    """Render something."""
    await asyncio.sleep(0)
    if not result:
        raise KeyError
    return result


@outlay.metered(provider="vectors", usage=lambda row: {"read_unit": row})
def rows(count: int) -> Generator[int, str, str]:
    """Yield rows."""
    heard = []
    for place in range(count):
        try:
            heard.append((yield place + 1))
        except KeyError:
            heard.append("thrown")
    return ",".join(str(word) for word in heard)


@outlay.metered(provider="vectors", usage=lambda row: {"read_unit": row})
async def async_rows(count: int) -> AsyncIterator[int]:
    """Yield rows."""
    for place in range(count):
        yield place + 1


def test_a_function_is_recorded_with_what_its_result_says() -> None:
    """Each call is one event, in the scope of its caller, and the function is what it was."""
    with recorded() as events, outlay.context(feature="import.document", customer="acme"):
        assert scan(3) == ["text"] * 3
    (event,) = events
    assert (event.provider, event.model, event.operation, event.usage) == ("acme-ocr", "ocr-2", "scan", {"page": 3})
    assert (event.feature, event.customer, event.state, event.error) == ("import.document", "acme", "complete", None)
    assert event.duration_ms is not None
    assert (scan.__name__, scan.__doc__, list(inspect.signature(scan).parameters)) == (
        "scan",
        "Scan a document.",
        ["pages"],
    )


def test_what_a_function_raises_goes_on_and_is_named() -> None:
    """An exception reaches the caller; the event is unknown, with the class of what was raised and nothing of it."""
    with recorded() as events, pytest.raises(ValueError, match="-1"):
        scan(-1)
    (event,) = events
    assert (event.state, event.error, dict(event.usage)) == ("unknown", "ValueError", {})


def test_a_coroutine_is_recorded_once_it_is_done() -> None:
    """Coroutines that interleave are recorded each for its own customer; what they use is what was said."""

    async def run() -> None:
        async def work(customer: str) -> None:
            with outlay.context(customer=customer):
                assert await render("x") == "x"

        await asyncio.gather(work("a"), work("b"))
        with pytest.raises(KeyError):
            await render("")

    with recorded() as events:
        apart.run(run())
    assert inspect.iscoroutinefunction(render)
    assert [(event.customer, event.state) for event in events] == [
        ("a", "complete"),
        ("b", "complete"),
        (None, "unknown"),
    ]
    assert {event.usage["gpu_second"] for event in events} == {Decimal("2.5")}
    assert {event.tags["pool"] for event in events} == {"a100"}


def test_a_cancelled_coroutine_is_recorded_and_stays_cancelled() -> None:
    """Cancelling is not swallowed."""

    @outlay.metered(provider="x")
    async def forever() -> None:
        await asyncio.Event().wait()

    async def run() -> None:
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with recorded() as events:
        apart.run(run())
    assert [(event.state, event.error) for event in events] == [("unknown", "CancelledError")]


def test_a_generator_adds_up_what_its_items_say() -> None:
    """Items, values sent, exceptions thrown in and the value returned pass as if nobody looked."""
    with recorded() as events:
        assert list(rows(3)) == [1, 2, 3]
        talk = rows(3)
        assert next(talk) == 1
        assert talk.send("hello") == 2
        assert talk.throw(KeyError()) == 3
        with pytest.raises(StopIteration) as stop:
            talk.send("bye")
        assert stop.value.value == "hello,thrown,bye"
    assert inspect.isgeneratorfunction(rows)
    assert [(dict(event.usage), event.state) for event in events] == [({"read_unit": 6}, "complete")] * 2


def test_a_generator_that_is_left_is_partial() -> None:
    """Closed or let go of, a generator is recorded with what it gave until then; one that never ran is no event."""
    with recorded() as events:
        one = rows(10)
        assert [next(one), next(one)] == [1, 2]
        one.close()
        two = rows(10)
        next(two)
        del two
        rows(10)
        gc.collect()
        failing = rows(5)
        next(failing)
        with pytest.raises(ZeroDivisionError):
            failing.throw(ZeroDivisionError())
    assert [(event.usage["read_unit"], event.state) for event in events] == [
        (3, "partial"),
        (1, "partial"),
        (1, "unknown"),
    ]


def test_an_asynchronous_generator_is_recorded_likewise() -> None:
    """Read to its end it is complete, left before it is partial."""

    async def run() -> None:
        assert [row async for row in async_rows(3)] == [1, 2, 3]
        found = async_rows(9)
        async with contextlib.aclosing(found):  # type: ignore[type-var] # it is a generator, typed as what it offers
            async for row in found:
                if row == 2:
                    break

    with recorded() as events:
        apart.run(run())
    assert [(event.usage["read_unit"], event.state) for event in events] == [(6, "complete"), (3, "partial")]


def test_a_reader_that_fails_is_counted_and_changes_nothing() -> None:
    """Whatever `usage` does, the function's result is returned, and an event with what is known is there."""

    @outlay.metered(provider="x", usage=lambda _: {"page": 1 / 0})
    def work() -> str:
        return "done"

    @outlay.metered(provider="x", usage=5)  # type: ignore[arg-type] # that is the point
    def other() -> str:
        return "done"

    before = outlay.dropped()
    with recorded() as events:
        assert work() == other() == "done"
    assert outlay.dropped() == before + 2
    assert [dict(event.usage) for event in events] == [{}]


def test_without_usage_each_call_is_a_request() -> None:
    """What is not said is one request; binary fractions are taken as they are written."""

    @outlay.metered(provider="x")
    def plain() -> None:
        """Do nothing."""

    @outlay.metered(provider="x", usage=lambda found: {"gpu_second": found})
    def seconds() -> float:
        return 0.1

    with recorded() as events:
        plain()
        assert seconds() == pytest.approx(0.1)
    assert [dict(event.usage) for event in events] == [{"request": 1}, {"gpu_second": Decimal("0.1")}]


def test_methods_and_nesting_work() -> None:
    """A method is metered like a function; the scope that it opens is over when it is recorded."""

    class Index:
        @outlay.metered(provider="vectors", usage={"read_unit": 5})
        def look(self, word: str) -> str:
            with outlay.context(feature="inner"):
                return word + self.tail

        tail = "!"

    with recorded() as events, outlay.context(feature="outer"):
        assert Index().look("a") == "a!"
    assert [(event.feature, dict(event.usage)) for event in events] == [("outer", {"read_unit": 5})]


def test_anything_else_is_recorded_by_hand() -> None:
    """Pages, vector reads, jobs and seconds of a machine are units like any other."""
    with recorded() as events, outlay.context(feature="import.document"):
        outlay.record(provider="aws", model="textract-detect-document-text", usage={"page": 12})
        outlay.record(provider="pinecone", model="serverless", usage={"read_unit": 5, "write_unit": Decimal("1.5")})
        outlay.record(provider="batch", usage={"job": 1}, duration_ms=90_000)
        outlay.record(provider="gpu-farm", model="a100", usage={"gpu_second": 3.2}, state="complete")
    assert [dict(event.usage) for event in events] == [
        {"page": 12},
        {"read_unit": 5, "write_unit": Decimal("1.5")},
        {"job": 1},
        {"gpu_second": Decimal("3.2")},
    ]
