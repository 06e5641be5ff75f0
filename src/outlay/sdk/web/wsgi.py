"""WSGI: middleware for Flask, Django and whatever else speaks it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Unpack

from outlay.sdk.headers.tally import count
from outlay.sdk.scope import Held, Later
from outlay.sdk.web import routes
from outlay.sdk.web.door import Door, Options

_Environment = dict[str, Any]
_Start = Callable[..., Any]
_Application = Callable[[_Environment, _Start], Iterable[bytes]]


class WSGIMiddleware:
    """Handle each request in the scope that its headers tell.

        app.wsgi_app = outlay.WSGIMiddleware(app.wsgi_app, mode="required")  # Flask
        application = outlay.WSGIMiddleware(get_wsgi_application())  # Django

    The scope holds while the answer's body is made, and ends with each piece of it, so that a thread which serves the
    next request meanwhile is in no scope. `endpoint` is the template of the route, once there is one.

    Args:
        app: The application.
        options: See `outlay.sdk.web.door.Door`.
    """

    def __init__(self, app: _Application, **options: Unpack[Options]) -> None:
        self.app = app
        self.door = Door(**options)
        self._wanted = {"HTTP_" + name.upper().replace("-", "_"): name for name in self.door.wanted}
        self._django = routes.is_django(app)

    def __call__(self, environ: _Environment, start_response: _Start) -> Iterable[bytes]:
        """Handle one request."""
        said, doubt = self._said(environ)
        method = environ.get("REQUEST_METHOD", "GET")
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        refusal = self.door.refusal(said, doubt, method, path)
        if refusal is not None:
            start_response(f"{refusal.status.value} {refusal.status.phrase}", refusal.headers)
            return [refusal.body]
        rule: list[str] = []

        def start(*given: object, **named: object) -> object:
            # Flask forgets the request before a streamed body is made; here it still knows its rule.
            with suppress(Exception):  # law 12: what a framework leaves behind is not ours to trip over
                rule.extend(filter(None, [routes.of_wsgi(environ)]))
            return start_response(*given, **named)

        said["endpoint"] = Later(lambda: routes.endpoint(method, self._route(environ) or next(iter(rule), None)))
        held = Held(said)
        body = held.run(self.app, environ, start)
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(body, (list, tuple)) or (isinstance(wrapper, type) and isinstance(body, wrapper)):
            return body  # made already, or a file that the server sends by itself
        return _Body(body, held)

    def _said(self, environ: _Environment) -> tuple[dict[str, object], str | None]:
        try:
            return self.door.said({name: environ[key] for key, name in self._wanted.items() if key in environ})
        except Exception:  # noqa: BLE001 - law 12: a mistake of ours is no reason to turn a request away
            count("failed")
            return {}, "missing"

    def _route(self, environ: _Environment) -> str | None:
        if self.door.route is not None:
            return self.door.route(environ)
        if self._django:
            # Servers hand over the bytes of a path as if they were Latin-1.
            return routes.of_django(lambda: environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace"))
        return routes.of_wsgi(environ)


class _Body:
    """A body each piece of which is made in a scope."""

    def __init__(self, pieces: Iterable[bytes], held: Held) -> None:
        self._pieces = pieces
        self._held = held
        self._rest: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._rest is None:
            self._rest = self._held.run(iter, self._pieces)
        piece: bytes = self._held.run(next, self._rest)
        return piece

    def close(self) -> None:
        """Let the application clear up, in the same scope."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            self._held.run(close)
