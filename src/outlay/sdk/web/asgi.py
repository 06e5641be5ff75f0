"""ASGI: middleware for Starlette, FastAPI, Django and whatever else speaks it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Unpack

from outlay.sdk.headers.tally import count
from outlay.sdk.scope import Later, saying
from outlay.sdk.web import routes
from outlay.sdk.web.door import Door, Options, Refusal

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_Application = Callable[[_Message, _Receive, _Send], Awaitable[None]]


class ASGIMiddleware:
    """Handle each request in the scope that its headers tell.

        app.add_middleware(outlay.ASGIMiddleware, mode="allow", features=["search.answer", "export.*"])

    The scope holds while the answer's body is made and for background tasks, in threads that the framework runs plain
    handlers in, and in every task they start. `endpoint` is the template of the route, once there is one. A websocket
    is in the scope that its handshake tells, and is never refused; everything else goes through untouched.

    Args:
        app: The application.
        options: See `outlay.sdk.web.door.Door`.
    """

    def __init__(self, app: _Application, **options: Unpack[Options]) -> None:
        self.app = app
        self.door = Door(**options)
        self._wanted = {name.encode("latin-1"): name for name in self.door.wanted}
        self._django = routes.is_django(app)

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Handle one connection."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        said, doubt = self._said(scope)
        if kind == "http":
            method = scope["method"]
            refusal = self.door.refusal(said, doubt, method, scope["path"])
            if refusal is not None:
                await _refuse(refusal, send)
                return
        else:
            method = "WEBSOCKET"
        root_path = scope.get("root_path", "")  # routers change it
        said["endpoint"] = Later(lambda: routes.endpoint(method, self._route(scope, root_path)))
        with saying(said):
            await self.app(scope, receive, send)

    def _said(self, scope: _Message) -> tuple[dict[str, object], str | None]:
        try:
            return self.door.said(self._headers(scope))
        except Exception:  # noqa: BLE001 - law 12: a mistake of ours is no reason to turn a request away
            count("failed")
            return {}, "missing"

    def _headers(self, scope: _Message) -> dict[str, str]:
        """Return the wanted headers; one that is there with two values says nothing, except the baggage."""
        found: dict[str, str] = {}
        for raw, value in scope["headers"]:
            name = self._wanted.get(raw)
            if name is None:
                continue
            text = value.decode("latin-1")
            if name not in found:
                found[name] = text
            elif name == "baggage":
                found[name] += "," + text
            elif found[name] != text:
                found[name] = ""
                count("two-values", name)
        return found

    def _route(self, scope: _Message, root_path: str) -> str | None:
        if self.door.route is not None:
            return self.door.route(scope)
        if self._django:
            return routes.of_django(lambda: scope["path"].removeprefix(root_path))
        return routes.of_asgi(scope, root_path)


async def _refuse(refusal: Refusal, send: _Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in refusal.headers]
    await send({"type": "http.response.start", "status": refusal.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": refusal.body})
