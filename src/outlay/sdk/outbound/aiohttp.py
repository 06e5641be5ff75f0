"""aiohttp: a client middleware, which a session calls for each request it sends, each hop of a redirect too.

    session = aiohttp.ClientSession(middlewares=[middleware(hosts=[".internal"])])

Needs aiohttp 3.12. Middlewares given to a single request take the place of the session's; give this one among them.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from outlay.errors import BadConfig
from outlay.sdk.headers.names import USUAL, Names
from outlay.sdk.headers.signed import Secret
from outlay.sdk.outbound.rules import Rules

_Handler = Callable[[Any], Awaitable[Any]]
_Middleware = Callable[[Any, _Handler], Awaitable[Any]]


def middleware(
    *,
    hosts: Iterable[str],
    keys: Mapping[str, Secret] | None = None,
    keep: Iterable[str] = (),
    names: Names = USUAL,
) -> _Middleware:
    """Return the middleware for `ClientSession(middlewares=[...])`; the arguments are those of `outlay.outbound`.

    Raises:
        BadConfig: A host is not written as it should be, or aiohttp is absent or older than 3.12.
    """
    try:
        from aiohttp import ClientHandlerType  # noqa: F401 - only there where middlewares are
    except ImportError:
        raise BadConfig(
            "aiohttp 3.12 or newer is not installed", fix="pip install 'aiohttp>=3.12'", code="not-installed"
        ) from None
    rules = Rules(hosts, keys=keys, keep=keep, names=names)

    async def send(request: Any, handler: _Handler) -> Any:  # noqa: ANN401 - aiohttp's own, passed through
        rules.apply(request.headers, request.url.raw_host, request.url.port)
        return await handler(request)

    return send
