"""Scope: who causes what happens inside a block, a function or a generator, in threads and tasks alike.

What is said is a chain: each scope holds what it and those around it say, the scope around it, and who opened it.
Leaving takes out what its opener put in, wherever that stands by now, so that a generator left half-way, or closed by
somebody else, can neither fail nor take away what others said.
"""

# Only what is cheap: `import outlay` has to cost next to nothing, and `typing` alone costs more than all of the SDK.
import os
import sys
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
    from typing import Any, ParamSpec, Self, TypeVar

    Arguments = ParamSpec("Arguments")
    Decorated = TypeVar("Decorated", bound=Callable[..., Any])
    Result = TypeVar("Result")
    #: What is said so far, the scope around it, and who opened it.
    Scope = tuple[dict[str, object], Any, Any]

#: Who causes what a program does when nobody says so, for programs that are started for one purpose.
ENVIRONMENT = "OUTLAY_CONTEXT"
#: Goes along with a trace from service to service; not a dimension, and not seen by `said()`.
FLAGS = "_trace_flags"
_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200  # as inspect.CO_*; loading that costs more than the SDK


def _at_start() -> "dict[str, object]":
    """Return what the environment says of this program."""
    text = os.environ.get(ENVIRONMENT)
    if not text:
        return {}
    from outlay.sdk.headers import baggage, names

    return dict(baggage.read(text, names.OWN))


_NOWHERE: "Scope" = (_at_start(), None, None)
_current: "ContextVar[Scope]" = ContextVar("outlay", default=_NOWHERE)
_get, _set = _current.get, _current.set


class context:  # noqa: N801 - used like a function: `with outlay.context(...)`, `@outlay.context(...)`
    """Say who causes what happens inside: a context manager, and a decorator of functions, coroutines and generators.

    Scopes nest: an inner one adds to the outer and overrides what both say; None leaves it as it is. Names other than
    these become tags. A decorated generator, plain or async, begins its scope with its first step and keeps it from
    step to step; whoever takes the steps stays in a scope of their own. Without the decorator, a `with` inside a
    generator is open for its caller as well while it waits at a `yield`, as every context manager is.

    Args:
        feature: Product feature, `area.action`.
        customer: Paying customer, by its stable id.
        team: Team that owns the feature.
        user: End user, an opaque id.
        session: The user's session.
        environment: `production`, `staging`, ...
        release: Version of the service.
        service: The service.
        free: Further dimensions, which become tags.

    >>> with context(feature="search", customer="acme"), context(customer="beta", plan="pro"):
    ...     said()
    {'feature': 'search', 'customer': 'beta', 'plan': 'pro'}
    >>> said()
    {}
    """

    __slots__ = ("_said",)

    _said: "dict[str, object]"

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            feature: str | int | None = None,
            customer: str | int | None = None,
            team: str | int | None = None,
            user: str | int | None = None,
            session: str | int | None = None,
            environment: str | int | None = None,
            release: str | int | None = None,
            service: str | int | None = None,
            **free: object,
        ) -> None: ...

    else:  # as it runs: naming each argument takes longer than all the rest

        def __init__(self, **said: object) -> None:
            for value in said.values():
                if value is None:
                    said = {name: value for name, value in said.items() if value is not None}
                    break
            self._said = said

    def __enter__(self) -> "Self":
        """Begin the scope."""
        outer = _get()
        _set(({**outer[0], **self._said}, outer, self))  # what `over` does, without the call
        return self

    def __exit__(self, *_: object) -> None:
        """End it; what was said before holds again."""
        now = _get()
        _set(now[1] if now[2] is self else _without(now, self))

    def __call__(self, function: "Decorated") -> "Decorated":
        """Return the function, each call of which is a scope of its own."""
        return within(function, self)

    def over(self, outer: "dict[str, object]") -> "dict[str, object]":
        """Return what this scope says together with what is around it."""
        return {**outer, **self._said}


class Whole(context):
    """A scope that says everything there is to say: nothing of what is around it shows through."""

    __slots__ = ()

    def __enter__(self) -> "Self":
        """Begin the scope."""
        _set((self._said, _get(), self))
        return self

    def over(self, outer: "dict[str, object]") -> "dict[str, object]":  # noqa: ARG002 - that is the point
        """Return what this scope says."""
        return self._said


class Held:
    """A scope that somebody works in piece by piece, and that is not there in between.

    What the work itself opens and leaves open between two pieces is kept for it, and out of everybody else's sight.
    """

    __slots__ = ("_mine", "_opener")

    def __init__(self, found: "dict[str, object]") -> None:
        self._opener = saying(found)
        self._mine: Scope | None = None

    def run(self, function: "Callable[..., Result]", *args: object) -> "Result":
        """Do one piece of the work."""
        caller = _get()
        _set(self._mine or (self._opener.over(caller[0]), caller, self._opener))
        try:
            return function(*args)
        finally:
            self._mine = _get()
            _set(caller)


class Later:
    """A value of `endpoint` that is known only once the request is being handled: the route, when it is asked for."""

    __slots__ = ("tell",)

    def __init__(self, tell: "Callable[[], str | None]") -> None:
        self.tell = tell


def saying(found: "dict[str, object]", kind: "type[context]" = context) -> context:
    """Return a scope that says what was found elsewhere, name by name."""
    made = kind.__new__(kind)
    made._said = found  # noqa: SLF001 - what __init__ would do, for names that are no arguments
    return made


def said() -> dict[str, object]:
    """Return what the scopes around the caller say together."""
    found = dict(_get()[0])
    found.pop(FLAGS, None)
    endpoint = found.get("endpoint")
    if endpoint.__class__ is Later:
        del found["endpoint"]
        try:
            route = endpoint.tell()
        except Exception:  # noqa: BLE001 - law 12: a framework we read wrongly is no reason to fail
            route = None
        if route:
            found["endpoint"] = route
    return found


def flags() -> str | None:
    """Return the flags of the trace that the caller's request came with; None when it came with none."""
    found = _get()[0].get(FLAGS)
    return found if isinstance(found, str) else None


def carry(function: "Callable[Arguments, Result]") -> "Callable[Arguments, Result]":
    """Return a function that says, wherever it is called, what is said here and now, and nothing else.

    New threads and processes know nothing of the scope of whoever started them; a function that was carried does. It
    can be sent to other processes when the function can: `pool.submit(outlay.carry(work), 1)`.

    >>> with context(feature="search"):
    ...     asked = carry(said)
    >>> asked()
    {'feature': 'search'}
    """
    if _kind(function) & (_COROUTINE | _GENERATOR | _ASYNC_GENERATOR):
        return within(function, saying(said(), Whole))
    return _Carried(function, said())  # type: ignore[return-value] # takes and gives what the function does


class _Carried:
    """A function with the scope it is called in; it can be pickled when the function can."""

    __slots__ = ("__weakref__", "__wrapped__", "_scope")

    def __init__(self, function: "Callable[..., Any]", found: "dict[str, object]") -> None:
        self.__wrapped__ = function
        self._scope = saying(found, Whole)

    @property
    def __name__(self) -> str:
        """Return the name of the function, which threads take for theirs."""
        return str(getattr(self.__wrapped__, "__name__", "carried"))

    def __call__(self, *args: object, **named: object) -> object:
        """Call the function in its scope."""
        with self._scope:
            found = self.__wrapped__(*args, **named)
        return found if found.__class__ is not _COROUTINE_TYPE else _awaited(found, self._scope)

    def __reduce__(self) -> "tuple[object, ...]":
        """Leave behind what may not survive the way; a scope is never the reason why a job cannot be sent."""
        plain = {name: value for name, value in self._scope.over({}).items() if isinstance(value, (str, int))}
        return _Carried, (self.__wrapped__, plain)


def within(function: "Decorated", scope: context) -> "Decorated":
    """Return a function of the same kind, everything of which happens within a scope."""
    from functools import wraps

    kind = _kind(function)
    if kind & _COROUTINE:

        @wraps(function)
        async def decorated(*args: object, **named: object) -> object:
            with scope:
                return await function(*args, **named)

    elif kind & _GENERATOR:

        @wraps(function)
        def decorated(*args: object, **named: object) -> "Generator[object, object, object]":
            return (yield from _stepped(function(*args, **named), saying(scope.over({}), type(scope))))

    elif kind & _ASYNC_GENERATOR:
        return wraps(function)(_stepped_async(function, scope))  # type: ignore[return-value] # as below

    else:

        @wraps(function)
        def decorated(*args: object, **named: object) -> object:
            with scope:
                found = function(*args, **named)
            return found if found.__class__ is not _COROUTINE_TYPE else _awaited(found, scope)

    return decorated  # type: ignore[return-value] # has the signature of what it wraps


def _kind(function: object) -> int:
    """Return the flags that tell coroutines and generators from plain functions; 0 for what has no code."""
    code = getattr(function, "__code__", None)
    while code is None and hasattr(function, "func"):  # functools.partial
        function = function.func
        code = getattr(function, "__code__", None)
    if code is None:
        code = getattr(getattr(type(function), "__call__", None), "__code__", None)  # noqa: B004 - its code, not whether
    return int(getattr(code, "co_flags", 0))


async def _awaited(found: "Coroutine[Any, Any, Any]", scope: context) -> object:
    """Await, within its scope, what a plain function returned to be awaited."""
    with scope:
        return await found


_coroutine = _awaited(None, context())  # type: ignore[arg-type] # never awaited
_COROUTINE_TYPE = type(_coroutine)
_coroutine.close()


def _stepped(inner: "Generator[Any, Any, Any]", scope: context) -> "Generator[Any, Any, Any]":
    """Take the steps of a generator within its scope, and hand everything else through, both ways."""
    caller = _get()
    mine: Scope = (scope.over(caller[0]), caller, scope)
    step, given = inner.send, None
    while True:
        caller = _get()
        _set(mine)
        try:
            found = step(given)
        except StopIteration as end:
            return end.value
        finally:
            mine = _get()
            _set(caller)
        try:
            given = yield found
            step = inner.send
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the generator's own affair
            step, given = inner.throw, error


def _stepped_async(
    function: "Callable[..., AsyncGenerator[Any, Any]]", outside: context
) -> "Callable[..., AsyncGenerator[Any, Any]]":
    """Return an async generator function that takes the steps of another within a scope, and hands all else through."""

    async def steps(*args: object, **named: object) -> "AsyncGenerator[Any, Any]":
        inner = function(*args, **named)
        scope = saying(outside.over({}), type(outside))  # its own, to be told from those of other generators
        mine: Scope | None = None
        step, given = _first_step(inner), None
        while True:
            caller = _get()
            _set(mine or (scope.over(caller[0]), caller, scope))
            try:
                found = await step(given)
            except StopAsyncIteration:
                return
            finally:
                # A step that is abandoned is cleared up by anybody; it must not set the scope of whoever that is.
                now = _get()
                if _holds(now, scope):
                    mine = now
                    _set(caller)
            try:
                given = yield found
                step = inner.asend
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the generator's own affair
                step, given = inner.athrow, error

    return steps


def _first_step(inner: "AsyncGenerator[Any, Any]") -> "Callable[[Any], Any]":
    """Return a first step that the event loop does not hear of.

    A loop closes all generators it knows at its end. It knows the one around this one, which closes this one; told of
    both it would close them at once, and complain that one of them is running already.
    """

    def step(given: object) -> object:
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(None, None)
        try:
            return inner.asend(given)
        finally:
            sys.set_asyncgen_hooks(*hooks)

    return step


def _holds(scope: "Scope", opener: context) -> bool:
    """Say whether a scope stands in one that somebody opened."""
    while scope[1] is not None:
        if scope[2] is opener:
            return True
        scope = scope[1]
    return False


def _without(scope: "Scope", opener: context) -> "Scope":
    """Return a scope without what one opener said; the same when it stands in none of theirs."""
    if not _holds(scope, opener):
        return scope
    above = []
    while scope[2] is not opener:
        above.append(scope[2])
        scope = scope[1]
    below: Scope = scope[1]
    for each in reversed(above):
        below = (each.over(below[0]), below, each)
    return below
