"""The middleware under Flask and Django, each in a program of its own kind, served over real HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import httpx
import pytest
from flask import Flask, Response, stream_with_context

import outlay
from outlay.sdk.scope import said
from tests.sdk import web_servers

ROOT = Path(__file__).parents[2]
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADERS = {
    "X-Feature-Context": "search.answer",
    "X-Customer-Id": "acme",
    "baggage": "outlay.plan=pro",
    "traceparent": f"00-{TRACE}-{SPAN}-01",
}
SAID = {"feature": "search.answer", "customer": "acme", "plan": "pro", "trace": TRACE, "parent": SPAN}
between: list[dict[str, object]] = []
closed: list[dict[str, object]] = []


def heard() -> dict[str, object]:
    """Return what is said, without the span, which is another each time."""
    return {name: value for name, value in said().items() if name != "span"}


def application() -> Flask:
    """Return an application whose handlers answer what they hear."""
    app = Flask("probe")

    @app.route("/orders/<int:number>/<what>", methods=["GET", "POST"])
    def order(number: int, what: str) -> dict[str, object]:
        return {"number": number, "what": what, **heard()}

    @app.route("/stream")
    def stream() -> Response:
        def body() -> Iterator[str]:
            with outlay.context(step="inside"):
                for _ in range(3):
                    yield json.dumps(heard()) + "\n"

        response = Response(stream_with_context(body()))
        response.call_on_close(lambda: closed.append(heard()))
        return response

    app.wsgi_app = outlay.WSGIMiddleware(app.wsgi_app)  # type: ignore[method-assign] # as Flask's own pages do it
    inner = app.wsgi_app

    def outermost(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - as servers give it
        between.append(said())
        pieces = inner(environ, start_response)
        try:
            for piece in pieces:
                between.append(said())
                yield piece
        finally:
            pieces.close()  # type: ignore[attr-defined] # Flask's have one
            between.append(said())

    app.wsgi_app = outermost  # type: ignore[method-assign] # to see what is around it
    return app


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of the application, served one request after the other by a single thread."""
    with web_servers.wsgi(application()) as url, httpx.Client(base_url=url) as opened:
        yield opened


def test_a_handler_of_flask_is_in_the_scope_its_request_tells(client: httpx.Client) -> None:
    """The headers, the trace and the rule of the route, whatever the handler's parameters are called."""
    found = client.post("/orders/7/x", headers=HEADERS).json()
    assert found == {"number": 7, "what": "x", **SAID, "endpoint": "POST /orders/<int:number>/<what>"}


def test_a_streamed_body_is_made_in_the_scope_and_the_server_is_in_none(client: httpx.Client) -> None:
    """Each piece and the end are in the scope; between them, in the same thread, nothing is said."""
    between.clear()
    closed.clear()
    found = [json.loads(line) for line in client.get("/stream", headers=HEADERS).text.splitlines()]
    client.get("/orders/7/x")  # the same thread has ended the request before
    assert found == [{**SAID, "endpoint": "GET /stream", "step": "inside"}] * 3
    assert [{**each, "endpoint": "GET /stream"} for each in closed] == [{**SAID, "endpoint": "GET /stream"}]
    assert between == [{}] * len(between)
    assert len(between) >= 5


def test_a_request_that_says_nothing_is_in_a_scope_of_its_own(client: httpx.Client) -> None:
    """Nothing of the request before it is left; two values for one header say nothing."""
    client.get("/orders/1/x", headers=HEADERS)
    found = client.get("/orders/2/x", headers=[("x-customer-id", "a"), ("x-customer-id", "b")]).json()
    trace = found.pop("trace")
    assert found == {"number": 2, "what": "x", "endpoint": "GET /orders/<int:number>/<what>"}
    assert trace != TRACE


def test_bodies_that_are_there_already_stay_as_they_are(tmp_path: Path) -> None:
    """A list keeps its length and a file its wrapper, by which servers send them faster."""
    (tmp_path / "f").write_bytes(b"content")
    file = FileWrapper((tmp_path / "f").open("rb"))
    start: list[Any] = []
    for body in ([b"a"], (b"a",), file):
        made = outlay.WSGIMiddleware(lambda *_, body=body: body)
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.file_wrapper": FileWrapper}
        assert made(environ, start.append) is body
    file.close()


def test_a_body_that_is_never_read_is_closed_in_its_scope() -> None:
    """Servers close what clients did not wait for."""
    seen = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"a"])

        def close(self) -> None:
            seen.append(said()["customer"])

    made = outlay.WSGIMiddleware(lambda *_: Body())
    made({"REQUEST_METHOD": "GET", "HTTP_X_CUSTOMER_ID": "acme"}, print).close()  # type: ignore[attr-defined] # it has
    assert seen == ["acme"]
    assert said() == {}


_DJANGO = """
import asyncio, json, sys
import django
from django.conf import settings
settings.configure(SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], USE_TZ=True)
django.setup()
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.urls import include, path
import outlay
from outlay.sdk.scope import said

def heard():
    return {name: value for name, value in said().items() if name != "span"}
def plain(r, number, shop):
    return JsonResponse(heard())
async def coroutine(anything, number, shop):
    await asyncio.sleep(0)
    return JsonResponse(heard())
def stream(whatever, shop):
    return StreamingHttpResponse(json.dumps(heard()) + "\\n" for _ in range(2))
inner = [path("plain/<int:number>/", plain), path("async/<int:number>/", coroutine), path("stream", stream)]
urlpatterns = [path("shop/<slug:shop>/", include(inner))]

import httpx
HEADERS = json.loads(sys.argv[1])
ASKED = ["/shop/s1/plain/7/", "/shop/s1/async/7/", "/shop/s1/stream", "/nowhere"]
def answers(ask):
    for asked in ASKED:
        found = ask(asked)
        pieces = found.text.splitlines() if found.status_code == 200 else []
        print(json.dumps([found.status_code, *map(json.loads, pieces)]))

from tests.sdk import web_servers
from django.core.wsgi import get_wsgi_application
with web_servers.wsgi(outlay.WSGIMiddleware(get_wsgi_application())) as url, httpx.Client(base_url=url) as client:
    answers(lambda asked: client.get(asked, headers=HEADERS))
from django.core.asgi import get_asgi_application
with web_servers.asgi(outlay.ASGIMiddleware(get_asgi_application())) as url, httpx.Client(base_url=url) as client:
    answers(lambda asked: client.get(asked, headers=HEADERS))
"""


def test_django_is_in_the_scope_over_wsgi_and_asgi() -> None:
    """Views, plain and async, streams and included routes, over both protocols, in a program with its own settings."""
    command = [sys.executable, "-W", "ignore", "-c", _DJANGO, json.dumps(HEADERS)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    found = [json.loads(line) for line in run.stdout.splitlines()]

    def answered(route: str, times: int = 1) -> list[object]:
        return [200, *[{**SAID, "endpoint": f"GET /shop/<slug:shop>/{route}"}] * times]

    expected = [answered("plain/<int:number>/"), answered("async/<int:number>/"), answered("stream", 2), [404]]
    assert found == expected * 2
