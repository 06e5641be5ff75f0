"""Metering: functions of a program's own that use something that costs, recorded each time they run.

Comes in: a function, plain or asynchronous, or a generator of either kind. Goes out: the same, with one usage event for
every call. It changes neither results nor exceptions.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextvars import copy_context
from decimal import Decimal
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from time import perf_counter, time_ns
from typing import Any, Self, TypeVar, cast

from outlay.sdk.instrument.trouble import swallowed
from outlay.sdk.recording import keep

Function = TypeVar("Function", bound=Callable[..., Any])
Quantities = Mapping[str, object]
Usage = Quantities | Callable[[Any], Quantities | None]
_NANO = 10**9


def metered(
    *, provider: str | None = None, model: str | None = None, usage: Usage | None = None, **fields: object
) -> Callable[[Function], Function]:
    """Record each call of a function: how long it took, how it ended, and what it used.

    A call that raises is recorded with the state `unknown` and the class of what was raised; a generator that is left
    before its end with `partial`. The exception goes on. What goes wrong in `usage` is counted by `dropped()`.

    Args:
        provider: Who is paid for it.
        model: Model, meter or SKU.
        usage: Quantity by unit of every call; or a function of the result that returns it, for generators a function
            of each item, whose quantities add up. `{"request": 1}` when it is not said.
        fields: Any other field of a usage event, the same for every call; further ones become tags.

    >>> @metered(provider="acme-ocr", model="ocr-2", usage=lambda pages: {"page": len(pages)})
    ... def scan(path):
    ...     return ["first page", "second page"]
    >>> scan("a.pdf")
    ['first page', 'second page']
    """
    given = {"provider": provider, "model": model, **fields}
    used: Usage = {"request": 1} if usage is None else usage

    def decorate(function: Function) -> Function:
        if iscoroutinefunction(function):
            wrapped: Any = _coroutine(function, given, used)
        elif isasyncgenfunction(function):
            wrapped = _async_generator(function, given, used)
        elif isgeneratorfunction(function):
            wrapped = _generator(function, given, used)
        else:
            wrapped = _plain(function, given, used)
        return cast("Function", wraps(function)(wrapped))

    return decorate


class _Run:
    """One call, from its beginning to its end, kept when the block it is around ends.

    Args:
        given: Fields of the event.
        usage: What it uses.
        left: How a call ended that was left before its end.
    """

    __slots__ = ("_began", "_given", "_known", "_left", "_scope", "_started_ns", "_usage", "_used")

    def __init__(self, given: Mapping[str, object], usage: Usage, left: str = "unknown") -> None:
        self._given = given
        self._left = left
        self._usage = usage
        self._used: dict[str, object] = {}
        self._known = not callable(usage)
        self._scope = copy_context()
        self._started_ns = time_ns()
        self._began = perf_counter()

    def item(self, found: object) -> None:
        """Add what a result, or an item of a generator, says was used."""
        if not callable(self._usage):
            return
        try:
            for unit, quantity in (self._usage(found) or {}).items():
                self._used[unit] = _plus(self._used.get(unit), quantity)
            self._known = True
        except Exception:  # noqa: BLE001 - law 12: a host's function, run for us
            swallowed("reading what a function used")

    def __enter__(self) -> Self:
        """Let it run."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: object) -> None:
        """Keep the event; what is raised goes on."""
        if error is None:
            self._end("complete")
        elif isinstance(error, GeneratorExit):
            self._end(self._left, error if self._left == "unknown" else None)
        else:
            self._end("unknown", error)

    def _end(self, state: str, error: BaseException | None = None) -> None:
        try:
            usage = dict(self._used if callable(self._usage) else self._usage)
            event: dict[str, object] = {
                **self._given,
                "time": _instant(self._started_ns),
                "duration_ms": round((perf_counter() - self._began) * 1000),
                "state": state,
                "error": type(error).__name__ if error is not None else None,
                # Nothing said is nothing known, and not a use of nothing.
                "usage": usage if self._known else None,
            }
            self._scope.run(keep, event)
        except Exception:  # noqa: BLE001 - law 12
            swallowed("recording a function")


def _instant(ns: int) -> object:
    from datetime import UTC, datetime, timedelta

    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)


def _plus(held: object, quantity: object) -> object:
    """Return the sum of two quantities; binary fractions are taken as they are written."""
    number = Decimal(str(quantity)) if isinstance(quantity, float) else quantity
    return number if held is None else held + number  # type: ignore[operator] # what is no number raises, and is counted


def _plain(function: Callable[..., Any], given: Mapping[str, object], usage: Usage) -> Callable[..., Any]:
    def call(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - has the signature of what it wraps
        with _Run(given, usage) as run:
            result = function(*args, **named)
            run.item(result)
            return result

    return call


def _coroutine(function: Callable[..., Any], given: Mapping[str, object], usage: Usage) -> Callable[..., Any]:
    async def call(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - as above
        with _Run(given, usage) as run:
            result = await function(*args, **named)
            run.item(result)
            return result

    return call


def _generator(function: Callable[..., Any], given: Mapping[str, object], usage: Usage) -> Callable[..., Any]:
    def items(*args: Any, **named: Any) -> Generator[Any, Any, Any]:  # noqa: ANN401 - as above
        inner = function(*args, **named)
        with _Run(given, usage, left="partial") as run:
            return (yield from _noted(inner, run))

    return items


def _noted(inner: Generator[Any, Any, Any], run: _Run) -> Generator[Any, Any, Any]:
    """Yield from a generator as `yield from` does, and note each item on the way."""
    sent: Any = None
    step: Callable[[], Any] = lambda: next(inner)  # noqa: E731 - replaced for every turn
    while True:
        try:
            item = step()
        except StopIteration as stop:
            return stop.value
        run.item(item)
        try:
            sent = yield item
        except GeneratorExit:
            inner.close()
            raise
        except BaseException as error:  # noqa: BLE001 - whatever is thrown in goes to the generator itself
            step = _thrown(inner, error)
            continue
        step = _sent(inner, sent)


def _thrown(inner: Generator[Any, Any, Any], error: BaseException) -> Callable[[], Any]:
    return lambda: inner.throw(error)


def _sent(inner: Generator[Any, Any, Any], value: object) -> Callable[[], Any]:
    return lambda: inner.send(value)


def _async_generator(function: Callable[..., Any], given: Mapping[str, object], usage: Usage) -> Callable[..., Any]:
    async def items(*args: Any, **named: Any) -> AsyncGenerator[Any, Any]:  # noqa: ANN401 - as above
        inner = function(*args, **named)
        sent: Any = None
        thrown: BaseException | None = None
        with _Run(given, usage, left="partial") as run:
            while True:
                try:
                    item = await (inner.athrow(thrown) if thrown is not None else inner.asend(sent))
                except StopAsyncIteration:
                    return
                run.item(item)
                sent, thrown = None, None
                try:
                    sent = yield item
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 - whatever is thrown in goes to the generator itself
                    thrown = error

    return items
