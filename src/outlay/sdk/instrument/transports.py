"""Transports: the one place all requests of `httpx` and `httpx2` pass, and with them the clients of most providers.

Comes in: a transport, or the module that has its class. Goes out: the same, with one method wrapped. Requests to
providers become exchanges; all others pass with one look-up.

Why here: a transport's `handle_request` is public and has been the same since httpx 0.18. It sees each attempt, where
a client's methods see the last; it sees the bytes, so that raw, streamed and parsed answers are one case; and the
client's own objects stay what they are, of the same class and with the same identity. Wrapping the method of the class
reaches the clients that exist already and those made later, and one assignment undoes it. For a single client the
method of its transport alone is wrapped, as an attribute of that object.
"""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import cache, wraps
from types import ModuleType
from typing import Any
from weakref import ref

from outlay.sdk.instrument.exchange import Exchange
from outlay.sdk.instrument.hosts import Route
from outlay.sdk.instrument.reading.answer import HELD
from outlay.sdk.instrument.trouble import swallowed

#: Says for an address who is paid for it: scheme and host as bytes, port, path with query, method.
Finder = Callable[[bytes, int | None, bytes, str], Route | None]
#: Modules with transports, and what they are called there.
MODULES = {
    "httpx": ("HTTPTransport", "AsyncHTTPTransport"),
    "httpx2": ("HTTPTransport", "AsyncHTTPTransport"),
    # Transports by way of aiohttp: a package, and the copies of it in the clients of OpenAI and Anthropic.
    "httpx_aiohttp.transport": ("AiohttpTransport",),
    "openai._vendor.httpx_aiohttp.transport": ("AiohttpTransport",),
    "anthropic._vendor.httpx_aiohttp.transport": ("AiohttpTransport",),
    "litellm.llms.custom_httpx.aiohttp_transport": ("LiteLLMAiohttpTransport",),
}
_HOMES = ("httpx", "httpx2")
_RETRY = b"x-stainless-retry-count"
_MARK = "__outlay__"
_inside: ContextVar[bool] = ContextVar("outlay_inside", default=False)


def begin(find: Finder, request: Any) -> Exchange | None:  # noqa: ANN401 - of either module
    """Return the exchange that a request begins; None when nobody is paid for it. It never raises."""
    try:
        url = request.url
        route = find(url.raw_host, url.port, url.raw_path, request.method)
        if route is None or _inside.get():
            return None
        retry = None
        for name, value in request.headers.raw:
            if name == _RETRY:
                retry = int(value)
        try:
            body = request.content
        except Exception:  # noqa: BLE001 - a body that is not in memory; each module has its own exception for that
            body = None
        exchange = Exchange(route, body, retry)
        if body is None:
            exchange.model = _field(request, "model")
    except Exception:  # noqa: BLE001 - law 12
        swallowed("looking at a request")
        return None
    return exchange


def _field(request: Any, name: str) -> str | None:  # noqa: ANN401 - of either module
    """Return a field of a form that is sent with files, without reading the files."""
    for part in getattr(request.stream, "fields", ()):
        if getattr(part, "name", None) == name:
            value = getattr(part, "value", None)
            return value if isinstance(value, str) else None
    return None


class _Stream:
    """The body of an answer on its way to the client, unchanged."""

    def __init__(self, inner: Any, exchange: Exchange) -> None:  # noqa: ANN401 - of either module
        self._inner = inner
        self._exchange = exchange

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream itself offers
        return getattr(self.__dict__["_inner"], name)

    def __del__(self) -> None:
        with suppress(Exception):  # the interpreter may be half gone
            self._exchange.ended("closed")


class _Sync(_Stream):
    def __iter__(self) -> Iterator[bytes]:
        exchange = self._exchange
        chunks = exchange.chunks
        held = 0
        with exchange:
            for chunk in self._inner:
                chunks.append(chunk)
                held += len(chunk)
                if held > HELD:
                    held = 0
                    exchange.sift()
                yield chunk

    def close(self) -> None:
        """Close the stream."""
        self._exchange.ended("closed")
        self._inner.close()


class _Async(_Stream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        exchange = self._exchange
        chunks = exchange.chunks
        held = 0
        with exchange:
            async for chunk in self._inner:
                chunks.append(chunk)
                held += len(chunk)
                if held > HELD:
                    held = 0
                    exchange.sift()
                yield chunk

    async def aclose(self) -> None:
        """Close the stream."""
        self._exchange.ended("closed")
        await self._inner.aclose()


class Streams:
    """The two kinds of streams of one module: clients ask that they are of its own classes."""

    def __init__(self, module: ModuleType) -> None:
        self.sync: Any = type("Stream", (_Sync, module.SyncByteStream), {})
        self.asynchronous: Any = type("AsyncStream", (_Async, module.AsyncByteStream), {})

    def tee(self, exchange: Exchange, response: Any, *, asynchronous: bool) -> None:  # noqa: ANN401
        """Note that an answer begins, and look at its body as it passes."""
        try:
            exchange.answered(response.status_code, response.headers)
            kind = self.asynchronous if asynchronous else self.sync
            response.stream = kind(response.stream, exchange)
        except Exception:  # noqa: BLE001 - law 12
            swallowed("looking at an answer")


def wrap(handle: Callable[..., Any], find: Finder, streams: Streams, *, asynchronous: bool) -> Callable[..., Any]:
    """Return a method of a transport that does what it did, and is seen doing it.

    Args:
        handle: The method, with the transport as its first argument.
        find: Says who is paid.
        streams: Of the transport's module.
        asynchronous: Whether it is a coroutine.
    """
    if asynchronous:

        @wraps(handle)
        async def handle_async_request(transport: Any, request: Any) -> Any:  # noqa: ANN401
            exchange = begin(find, request)
            if exchange is None:
                return await handle(transport, request)
            token = _inside.set(True)
            try:
                response = await handle(transport, request)
            except BaseException as error:
                exchange.failed(error)
                raise
            finally:
                _inside.reset(token)
            streams.tee(exchange, response, asynchronous=True)
            return response

        setattr(handle_async_request, _MARK, True)
        return handle_async_request

    @wraps(handle)
    def handle_request(transport: Any, request: Any) -> Any:  # noqa: ANN401
        exchange = begin(find, request)
        if exchange is None:
            return handle(transport, request)
        token = _inside.set(True)
        try:
            response = handle(transport, request)
        except BaseException as error:
            exchange.failed(error)
            raise
        finally:
            _inside.reset(token)
        streams.tee(exchange, response, asynchronous=False)
        return response

    setattr(handle_request, _MARK, True)
    return handle_request


@cache
def _streams_in(home: str) -> Streams:
    return Streams(sys.modules[home])


def streams_of(kind: type) -> Streams:
    """Return the streams that belong to a class of transports or clients.

    Raises:
        LookupError: It is of no module that is known here.
    """
    for home in _HOMES:
        module = sys.modules.get(home)
        # Not by the name of its module: OpenAI's package gives classes of others its own.
        if module and issubclass(
            kind, (module.BaseTransport, module.AsyncBaseTransport, module.Client, module.AsyncClient)
        ):
            return _streams_in(home)
    raise LookupError(f"{kind.__module__}.{kind.__qualname__} is not of {' or '.join(_HOMES)}")


def wrap_class(kind: type, find: Finder) -> Callable[[], None]:
    """Wrap the method of a class of transports, and return what undoes it."""
    streams = streams_of(kind)
    asynchronous = hasattr(kind, "handle_async_request")
    name = "handle_async_request" if asynchronous else "handle_request"
    original = getattr(kind, name)
    own = name in vars(kind)
    ours = wrap(original, find, streams, asynchronous=asynchronous)
    setattr(kind, name, ours)

    def undo() -> None:
        if vars(kind).get(name) is ours:
            if own:
                setattr(kind, name, original)
            else:
                delattr(kind, name)

    return undo


def wrap_object(transport: Any, find: Finder, sender: object) -> Callable[[], None]:  # noqa: ANN401
    """Wrap the method of one transport, and return what undoes it.

    Args:
        transport: Of whatever class, also one that its host wrote.
        find: Says who is paid.
        sender: The client of httpx or httpx2 that it serves; some transports can serve both kinds.
    """
    asynchronous = hasattr(sender, "aclose")
    name = "handle_async_request" if asynchronous else "handle_request"
    # The object must not hold itself: it would then live, with its connections, until the collector comes round.
    weak = ref(transport)
    kind = type(transport)
    streams = streams_of(type(sender))

    def handle(_: object, request: Any) -> Any:  # noqa: ANN401
        return getattr(kind, name)(weak(), request)

    ours = wrap(handle, find, streams, asynchronous=asynchronous)

    def bound(request: Any) -> Any:  # noqa: ANN401
        return ours(None, request)

    setattr(bound, _MARK, True)
    setattr(transport, name, bound)

    def undo() -> None:
        alive = weak()
        if alive is not None and vars(alive).get(name) is bound:
            delattr(alive, name)

    return undo


def is_wrapped(transport: object) -> bool:
    """Say whether a transport is wrapped already, by itself."""
    return any(hasattr(vars(transport).get(name), _MARK) for name in ("handle_request", "handle_async_request"))
