"""The middleware under Starlette and FastAPI, served by uvicorn."""

# ruff: noqa: ANN401, ARG001 - handlers take what their frameworks hand them, whatever it is called

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse as StarletteJSON
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

import outlay
from outlay.sdk.scope import said
from outlay.sdk.web import routes
from tests.apart import run
from tests.sdk import web_servers

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADERS = {
    "X-Feature-Context": "search.answer",
    "X-Customer-Id": "acme",
    "X-User-Id": "u-1",
    "X-Session-Id": "s-1",
    "X-Team-Id": "search",
    "baggage": "app.customer=overridden,outlay.plan=pro,other=1",
    "traceparent": f"00-{TRACE}-{SPAN}-01",
}
SAID = {
    "feature": "search.answer",
    "customer": "acme",
    "user": "u-1",
    "session": "s-1",
    "team": "search",
    "plan": "pro",
}
_TRACED = ("trace", "span", "parent")


def heard() -> dict[str, object]:
    """Return what is said, without the ids of the trace."""
    return {name: value for name, value in said().items() if name not in _TRACED}


def lines(pieces: int) -> Iterator[bytes]:
    """Yield what is said while each piece of a body is made."""
    for _ in range(pieces):
        yield json.dumps(heard()).encode() + b"\n"


async def lines_async(pieces: int) -> AsyncIterator[bytes]:
    """Yield what is said while each piece of a body is made, after waiting."""
    for _ in range(pieces):
        await asyncio.sleep(0)
        yield json.dumps(heard()).encode() + b"\n"


later: list[dict[str, object]] = []


def application() -> FastAPI:
    """Return an application with a handler of every kind, whatever their parameters are called."""
    app = FastAPI()
    inner = APIRouter(prefix="/inner")

    @app.get("/plain/{order}")
    def plain(order: str) -> dict[str, object]:
        return heard()

    @app.get("/async/{order}")
    async def coroutine(order: str, whatever: Request) -> dict[str, object]:
        await asyncio.sleep(0)
        return await run_in_threadpool(heard)

    @app.get("/task")
    async def task() -> dict[str, object]:
        async def work() -> dict[str, object]:
            return heard()

        return await asyncio.create_task(work())

    @app.get("/stream/{kind}")
    async def stream(kind: str) -> StreamingResponse:
        return StreamingResponse(lines(3) if kind == "plain" else lines_async(3))

    @app.get("/later")
    def background(tasks: BackgroundTasks) -> dict[str, str]:
        tasks.add_task(lambda: later.append(heard()))
        return {}

    @app.get("/traced")
    def traced() -> dict[str, object]:
        return {name: said().get(name) for name in _TRACED}

    @inner.get("/{item}")
    def item(item: str) -> dict[str, object]:
        return heard()

    outer = APIRouter(prefix="/outer/{tenant}")
    outer.include_router(inner)
    app.include_router(outer, prefix="/v1")
    app.mount("/mounted", starlette())
    app.add_middleware(outlay.ASGIMiddleware)
    return app


def starlette() -> Starlette:
    """Return an application of Starlette alone, with routes below a mount that has a parameter of its own."""

    async def handler(req: StarletteRequest) -> StarletteJSON:
        return StarletteJSON(heard())

    return Starlette(
        routes=[
            Route("/hello/{name}", handler),
            Route("/number/{n:int}", handler),
            Route("/files/{rest:path}", handler),
            Mount("/below/{tenant}", routes=[Route("/deep/{name}", handler), Route("/", handler)]),
        ]
    )


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of the application, served."""
    with web_servers.asgi(application()) as url, httpx.Client(base_url=url) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/plain/7", "/async/7", "/task", "/v1/outer/acme/inner/7"])
def test_every_handler_is_in_the_scope_its_request_tells(client: httpx.Client, path: str) -> None:
    """Plain handlers in their thread, coroutines, threads and tasks they start: all see what the headers say."""
    found = client.get(path, headers=HEADERS).json()
    assert {name: found[name] for name in SAID} == SAID


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_the_scope_holds_while_a_body_is_streamed(client: httpx.Client, kind: str) -> None:
    """Each piece is made in the scope, whether by a plain generator in threads or an async one."""
    found = [json.loads(line) for line in client.get(f"/stream/{kind}", headers=HEADERS).text.splitlines()]
    assert found == [{**SAID, "endpoint": "GET /stream/{kind}"}] * 3


def test_background_tasks_are_in_the_scope_too(client: httpx.Client) -> None:
    """What runs behind the answer is caused by the same request."""
    client.get("/later", headers=HEADERS)
    client.get("/plain/7")  # the same connection: the task before it is over
    assert later == [{**SAID, "endpoint": "GET /later"}]


def test_requests_at_the_same_time_do_not_mix(client: httpx.Client) -> None:
    """A hundred requests at once, each with a customer of its own, hear their own."""

    async def ask() -> list[str]:
        async with httpx.AsyncClient(base_url=str(client.base_url)) as asynchronous:
            asked = [asynchronous.get("/async/1", headers={"X-Customer-Id": f"c{n}"}) for n in range(100)]
            return [answer.json()["customer"] for answer in await asyncio.gather(*asked)]

    assert run(ask()) == [f"c{n}" for n in range(100)]


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/plain/7", "GET /plain/{order}"),
        ("/v1/outer/acme/inner/7", "GET /v1/outer/{tenant}/inner/{item}"),
        ("/mounted/hello/ann", "GET /mounted/hello/{name}"),
        ("/mounted/number/007", "GET /mounted/number/{n:int}"),
        ("/mounted/files/a/b/c.txt", "GET /mounted/files/{rest:path}"),
        ("/mounted/below/acme/deep/ann", "GET /mounted/below/{tenant}/deep/{name}"),
        ("/mounted/below/acme/", "GET /mounted/below/{tenant}/"),
    ],
)
def test_the_endpoint_is_the_template_of_the_whole_route(client: httpx.Client, path: str, endpoint: str) -> None:
    """With the prefixes of routers and mounts, and without the values of any parameter."""
    assert client.get(path, headers=HEADERS).json()["endpoint"] == endpoint


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/hello/ann", "/hello/{name}"),
        ("/number/007", "/number/{n:int}"),
        ("/below/acme/deep/ann", "/below/{tenant}/deep/{name}"),
        ("/below/acme/", "/below/{tenant}/"),
        ("/below/acme/nowhere", None),
        ("/nowhere", None),
    ],
)
def test_a_router_that_does_not_say_which_route_it_chose_is_asked_again(path: str, template: str | None) -> None:
    """Starlette before 1.0 leaves its routes behind, and not the one."""
    seen: list[Any] = []
    app = starlette()

    async def keeping(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await app(scope, receive, send)

    async def get() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(keeping), base_url="http://test") as asynchronous:
            await asynchronous.get(path)

    run(get())
    assert routes.of_asgi({name: value for name, value in seen[0].items() if name != "route"}, "") == template


def test_a_request_joins_the_trace_it_came_with_or_one_of_its_own(client: httpx.Client) -> None:
    """Its span is new, its parent the caller's; without a traceparent there is a trace, and no parent."""
    came = client.get("/traced", headers=HEADERS).json()
    assert (came["trace"], came["parent"]) == (TRACE, SPAN)
    assert len(came["span"]) == 16
    assert came["span"] != SPAN
    own, other = (client.get("/traced").json() for _ in range(2))
    assert own["parent"] is None
    assert len(own["trace"]) == 32
    assert own["trace"] != other["trace"]
    told = client.get("/traced", headers={"baggage": f"outlay.trace={TRACE}"}).json()
    assert (told["trace"], told["parent"]) == (TRACE, None)


def test_a_header_with_two_values_says_nothing(client: httpx.Client) -> None:
    """Two customers in one request are a mistake or an attack; two headers of baggage are one list."""
    twice = [("x-customer-id", "acme"), ("x-customer-id", "beta"), ("x-user-id", "u"), ("x-user-id", "u")]
    found = client.get("/task", headers=[*twice, ("baggage", "outlay.team=t"), ("baggage", "outlay.plan=p")]).json()
    assert found == {"user": "u", "team": "t", "plan": "p", "endpoint": "GET /task"}


def test_lifespan_and_websockets_work_as_without_it() -> None:
    """Start and end are not touched; a websocket is in the scope of its handshake, and is never refused."""
    events = []

    async def chat(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_json({"asked": await websocket.receive_text(), **heard()})
        await websocket.close()

    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        events.append(("start", said()))
        yield
        events.append(("end", said()))

    app = Starlette(routes=[WebSocketRoute("/chat/{room}", chat)], lifespan=asynccontextmanager(lifespan))
    app.add_middleware(outlay.ASGIMiddleware, mode="required")
    with TestClient(app) as test_client:
        with test_client.websocket_connect("/chat/7", headers={"X-Customer-Id": "acme"}) as socket:
            socket.send_text("hello")
            found = socket.receive_json()
        assert test_client.get("/chat/7").status_code == 400
    assert found == {"asked": "hello", "customer": "acme", "endpoint": "WEBSOCKET /chat/{room}"}
    assert events == [("start", {}), ("end", {})]


def test_another_kind_of_connection_goes_through_untouched() -> None:
    """What is neither http nor websocket is the application's own affair."""
    seen: list[Any] = []

    async def app(*given: Any) -> None:
        seen.extend(given)

    given = ({"type": "telepathy"}, object(), object())
    run(outlay.ASGIMiddleware(app)(*given))  # type: ignore[arg-type] # no real connection
    assert all(a is b for a, b in zip(seen, given, strict=True))


def test_an_application_of_unknown_making_has_an_endpoint_when_it_says_which() -> None:
    """`route=` tells the template; one that fails, like none at all, leaves the endpoint out."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await StarletteJSON(heard())(scope, receive, send)

    def ask(middleware: Any) -> Any:
        async def get() -> Any:
            transport = httpx.ASGITransport(middleware)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as asynchronous:
                return (await asynchronous.post("/orders/7")).json()

        return run(get())

    assert ask(outlay.ASGIMiddleware(app)) == {}
    assert ask(outlay.ASGIMiddleware(app, route=lambda _: "/orders/{id}")) == {"endpoint": "POST /orders/{id}"}
    assert ask(outlay.ASGIMiddleware(app, route=lambda scope: scope["nothing"])) == {}


def test_a_mistake_of_the_middleware_is_not_the_requests() -> None:
    """Headers no server would hand over leave the request without a scope, and it is handled."""
    handled = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        handled.append(said())

    run(outlay.ASGIMiddleware(app)({"type": "http", "method": "GET", "path": "/", "headers": None}, app, app))  # type: ignore[arg-type] # no real connection
    assert handled == [{}]


_NAMES = [b"x-feature-context", b"x-customer-id", b"baggage", b"traceparent", b"x-outlay-context", b"x-other"]
_RAW = st.lists(st.tuples(st.sampled_from(_NAMES), st.binary(max_size=60) | st.just(HEADERS["baggage"].encode())))


@settings(deadline=None, derandomize=True, max_examples=200)
@given(_RAW)
def test_whatever_bytes_a_client_sends_its_request_is_handled(headers: list[tuple[bytes, bytes]]) -> None:
    """No header, none twice and none in a strange encoding, makes a request fail or says more than it may."""
    handled: list[dict[str, object]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        handled.append(heard())

    middleware = outlay.ASGIMiddleware(app)
    step = middleware({"type": "http", "method": "GET", "path": "/", "headers": headers}, app, app)  # type: ignore[arg-type] # no real connection
    with pytest.raises(StopIteration):
        step.send(None)
    (found,) = handled
    assert all(isinstance(value, str) and value.isascii() and value.isprintable() for value in found.values())


def test_what_is_injected_and_yields_holds_its_scope() -> None:
    """A dependency that yields is still one when it is decorated, and its scope does not reach the handler."""
    app = FastAPI()
    ended = []

    @outlay.context(feature="dependency")
    def connection() -> Iterator[dict[str, object]]:
        yield heard()
        ended.append(heard()["feature"])

    @outlay.context(feature="dependency")
    async def session() -> AsyncIterator[dict[str, object]]:
        yield heard()
        ended.append(heard()["feature"])

    @app.get("/")
    def handler(one: Annotated[Any, Depends(connection)], two: Annotated[Any, Depends(session)]) -> list[object]:
        return [one["feature"], two["feature"], heard().get("feature")]

    app.add_middleware(outlay.ASGIMiddleware)
    assert TestClient(app).get("/").json() == ["dependency", "dependency", None]
    assert ended == ["dependency"] * 2


def test_an_error_of_the_handler_is_the_handlers_own() -> None:
    """What is raised inside goes on as it was, and the scope is over."""
    app = FastAPI()

    @app.get("/")
    def fail() -> JSONResponse:
        raise LookupError("mine")

    app.add_middleware(outlay.ASGIMiddleware)
    with pytest.raises(LookupError, match="mine"):
        TestClient(app).get("/")
    assert said() == {}
