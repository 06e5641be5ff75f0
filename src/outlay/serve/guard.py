"""Guard: what stands between the network and the app. Who may ask, and what a browser may do with the answer.

Comes in: requests. Goes out: only those that name this machine or carry a key, with headers that keep pages to
themselves.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any

from fastapi.responses import Response

from outlay.errors import OutlayError
from outlay.serve.keys import Ring
from outlay.serve.problems import problem, problem_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-cache",
}


#: What is sent here is taken in; a key for it need not be able to read anything.
_DOORS = ("/v1/events", "/v1/traces", "/v1/logs", "/v1/metrics", "/v1/litellm")


class Guard:
    """An ASGI app around another: refuses foreign Host headers, asks for keys, sets the security headers everywhere.

    A page of another origin whose name is made to resolve to 127.0.0.1 (DNS rebinding) could otherwise read
    everything through its visitor's browser; its requests carry the foreign name in `Host`. A browser never adds a key
    by itself, so where keys are asked for any name will do.

    Args:
        app: What is guarded.
        ring: The keys.
        only_keys: Whether nothing is answered without one; else this machine needs a key only to administer.
    """

    def __init__(self, app: App, ring: Ring, *, only_keys: bool = False) -> None:
        self._app = app
        self._ring = ring
        self._only_keys = only_keys

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [pair for pair in message.get("headers", ()) if pair[0].decode() not in HEADERS]
                ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*given, *ours]}
            await send(message)

        refusal = self._refused(scope)
        await (refusal or self._app)(scope, receive, guarded)

    def _refused(self, scope: Message) -> Response | None:
        """Return why a request is refused; where it is not, leave the key it came with in its scope."""
        host = _header(scope, b"host")
        if not self._only_keys and not is_loopback(name_in(host)):
            return problem(
                421,
                f"this server does not answer to the name {host[:100]!r}",
                code="foreign-host",
                fix="open it as http://127.0.0.1 or http://localhost with its port",
            )
        needed, given = scope_of(scope["path"]), _header(scope, b"authorization")
        if not given and needed != "admin" and not self._only_keys:
            return None
        try:
            scope["outlay.key"] = self._ring.checked(given, needed)
        except OutlayError as error:
            return problem_of(error)
        return None


def scope_of(path: str) -> str:
    """Return what a key must be for to ask for a path.

    >>> scope_of("/v1/events"), scope_of("/v1/costs"), scope_of("/v1/keys/k/revoke"), scope_of("/")
    ('ingest', 'read', 'admin', 'read')
    """
    if path in _DOORS:
        return "ingest"
    return "admin" if path.startswith("/v1/keys") else "read"


def _header(scope: Message, name: bytes) -> str:
    return next((value.decode("latin-1") for found, value in scope["headers"] if found == name), "")


def name_in(host: str) -> str:
    """Return the name in a Host header, without its port.

    >>> name_in("localhost:8321"), name_in("[::1]:8321"), name_in("127.0.0.1")
    ('localhost', '::1', '127.0.0.1')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def is_loopback(name: str) -> bool:
    """Say whether a host name or address can only mean this machine.

    >>> [is_loopback(name) for name in ("localhost", "127.0.0.2", "::1", "0.0.0.0", "example.org", "")]
    [True, True, True, False, False, False]
    """
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
