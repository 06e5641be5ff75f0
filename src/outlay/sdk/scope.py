"""Scope: who causes what happens inside a block or a function, in threads and tasks alike."""

# Only what is cheap: `import outlay` has to cost next to nothing, and `typing` alone costs more than all of the SDK.
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self, TypeVar

    Decorated = TypeVar("Decorated", bound=Callable[..., Any])
    #: What is said so far, and the scope around it. A chain rather than tokens, so that leaving never fails.
    Scope = tuple[dict[str, object], Any]

_NOWHERE: "Scope" = ({}, None)
_current: "ContextVar[Scope]" = ContextVar("outlay", default=_NOWHERE)
_COROUTINE = 0x80  # as in inspect.CO_COROUTINE; loading inspect costs more than the rest of the SDK


class context:  # noqa: N801 - used like a function: `with outlay.context(...)`, `@outlay.context(...)`
    """Say who causes what happens inside: a context manager, and a decorator of functions, plain and async.

    Scopes nest: an inner one adds to the outer and overrides what both say; None leaves it as it is. Names other than
    these become tags. Generators run in their caller's scope: open the context inside them.

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
    ) -> None:
        named = {
            "feature": feature,
            "customer": customer,
            "team": team,
            "user": user,
            "session": session,
            "environment": environment,
            "release": release,
            "service": service,
            **free,
        }
        self._said = {name: value for name, value in named.items() if value is not None}

    def __enter__(self) -> "Self":
        """Begin the scope."""
        outer = _current.get()
        _current.set(({**outer[0], **self._said}, outer))
        return self

    def __exit__(self, *_: object) -> None:
        """End it; what was said before holds again."""
        _current.set(_current.get()[1] or _NOWHERE)

    def __call__(self, function: "Decorated") -> "Decorated":
        """Return the function, each call of which is a scope of its own."""
        from functools import wraps

        code = getattr(function, "__code__", None)
        if code is not None and code.co_flags & _COROUTINE:

            @wraps(function)
            async def asynchronous(*args: object, **named: object) -> object:
                with self:
                    return await function(*args, **named)

            return asynchronous  # type: ignore[return-value] # has the signature of what it wraps

        @wraps(function)
        def synchronous(*args: object, **named: object) -> object:
            with self:
                return function(*args, **named)

        return synchronous  # type: ignore[return-value] # has the signature of what it wraps


def said() -> dict[str, object]:
    """Return what the scopes around the caller say together."""
    return dict(_current.get()[0])
