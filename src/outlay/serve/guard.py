"""Guard: what stands between the network and the app. Who may ask, and what a browser may do with the answer.

Comes in: requests. Goes out: only those that name this machine, with headers that keep pages to themselves.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any

from outlay.serve.problems import problem

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


class Guard:
    """An ASGI app around another: refuses foreign Host headers, sets the security headers on every answer.

    A page of another origin whose name is made to resolve to 127.0.0.1 (DNS rebinding) could otherwise read
    everything through its visitor's browser; its requests carry the foreign name in `Host`.
    """

    def __init__(self, app: App) -> None:
        self._app = app

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

        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        if is_loopback(name_in(host)):
            await self._app(scope, receive, guarded)
            return
        refusal = problem(
            421,
            f"this server does not answer to the name {host[:100]!r}",
            code="foreign-host",
            fix="open it as http://127.0.0.1 or http://localhost with its port",
        )
        await refusal(scope, receive, guarded)


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
