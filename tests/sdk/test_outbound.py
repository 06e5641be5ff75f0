"""Outbound requests of real clients to real hosts: who is told, who is not, and what happens on the way."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import aiohttp
import anthropic
import httpx
import httpx2
import openai
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import baggage as otel_baggage
from opentelemetry import context as otel_context

import outlay
from outlay.errors import BadConfig
from outlay.sdk.headers.signed import checked, claims
from outlay.sdk.outbound.aiohttp import middleware
from outlay.sdk.outbound.hosts import Hosts
from outlay.sdk.outbound.rules import Rules
from tests.apart import run

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OURS = ("x-feature-context", "x-customer-id", "x-user-id", "x-session-id", "x-team-id", "x-outlay-context", "baggage")
Headers = dict[str, str]
KEYS = {"k": "s" * 32}


@dataclass
class Hosted:
    """One server under two names, and what it was asked."""

    port: int
    asked: list[tuple[str, Headers]] = field(default_factory=list)

    @property
    def friend(self) -> str:
        """Return the URL under the name that is allowed."""
        return f"http://localhost:{self.port}"

    @property
    def stranger(self) -> str:
        """Return the URL under the name that is not."""
        return f"http://127.0.0.1:{self.port}"

    def last(self) -> Headers:
        """Return those of the last request's headers that tell who caused it."""
        return {name: value for name, value in self.asked[-1][1].items() if name in OURS}


class _Handler(BaseHTTPRequestHandler):
    """Keeps the headers; a path that holds a URL redirects there; POST is answered as Anthropic and OpenAI would."""

    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer, or send elsewhere."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.hosted.asked.append((headers["host"], headers))
        _, redirect, target = self.path.partition("?to=")
        self.send_response(307 if redirect else 200)
        if redirect:
            self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        """Answer with a message."""
        self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.hosted.asked.append((headers["host"], headers))
        usage = {"input_tokens": 1, "output_tokens": 1}
        body = json.dumps(
            {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def hosted() -> Iterator[Hosted]:
    """A server that keeps what it is asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        server.hosted = Hosted(server.server_port)  # type: ignore[attr-defined] # ours to hang there
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.hosted  # type: ignore[attr-defined] # as above
        server.shutdown()
        thread.join(timeout=30)


Get = Callable[..., None]


def _plain(library: Any) -> Callable[..., Get]:  # noqa: ANN401 - httpx or httpx2, whose types are apart
    def made(**options: Any) -> Get:  # noqa: ANN401 - as outbound takes them
        def get(url: str, headers: Headers | None = None) -> None:
            with outlay.outbound(library.Client(follow_redirects=True), **options) as client:
                client.get(url, headers=headers)

        return get

    return made


def _asynchronous(library: Any) -> Callable[..., Get]:  # noqa: ANN401 - as above
    def made(**options: Any) -> Get:  # noqa: ANN401 - as above
        def get(url: str, headers: Headers | None = None) -> None:
            async def send() -> None:
                async with outlay.outbound(library.AsyncClient(follow_redirects=True), **options) as client:
                    await client.get(url, headers=headers)

            run(send())

        return get

    return made


def _requests(**options: Any) -> Get:  # noqa: ANN401 - as above
    def get(url: str, headers: Headers | None = None) -> None:
        with outlay.outbound(requests.Session(), **options) as session:
            session.get(url, headers=headers)

    return get


def _aiohttp(**options: Any) -> Get:  # noqa: ANN401 - as above
    def get(url: str, headers: Headers | None = None) -> None:
        async def send() -> None:
            async with (
                aiohttp.ClientSession(middlewares=[middleware(**options)]) as session,
                session.get(url, headers=headers),
            ):
                pass

        run(send())

    return get


CLIENTS: dict[str, Callable[..., Get]] = {
    "httpx": _plain(httpx),
    "httpx-async": _asynchronous(httpx),
    "httpx2": _plain(httpx2),
    "httpx2-async": _asynchronous(httpx2),
    "requests": _requests,
    "aiohttp": _aiohttp,
}


@pytest.fixture(params=sorted(CLIENTS))
def sends(request: pytest.FixtureRequest) -> Callable[..., Get]:
    """What makes a client of each library, and gets a URL with it."""
    return CLIENTS[request.param]


@contextmanager
def request_scope() -> Iterator[None]:
    """Be in a scope as a request with a traceparent opens it."""
    carrier = {"baggage": "outlay.feature=a.b", "traceparent": f"00-{TRACE}-{SPAN}-01"}
    with outlay.extract(carrier), outlay.context(customer="acme", user=17, plan="pro", service="ai"):
        yield


TOLD = {
    "x-feature-context": "a.b",
    "x-customer-id": "acme",
    "x-user-id": "17",
    "baggage": f"outlay.feature=a.b,outlay.trace={TRACE},outlay.customer=acme,outlay.user=17,outlay.plan=pro",
}


def test_an_allowed_host_is_told_who_causes_a_request(sends: Callable[..., Get], hosted: Hosted) -> None:
    """Headers of their own, the baggage, and a traceparent that makes the next span a child of ours."""
    with request_scope():
        sends(hosts=["localhost"])(hosted.friend)
    assert hosted.last() == TOLD
    version, trace, parent, flags = hosted.asked[-1][1]["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert len(parent) == 16
    assert parent != SPAN


def test_no_other_host_is_told_whoever_put_the_headers_there(sends: Callable[..., Get], hosted: Hosted) -> None:
    """Baggage and our headers are taken away, from the program's own hands too; other headers stay."""
    headers = {"Baggage": "app.customer=acme", "X-Customer-Id": "acme", "X-Outlay-Context": "v1.x", "X-Other": "1"}
    with request_scope():
        sends(hosts=["localhost:1", "other.internal"])(hosted.stranger, headers)
        sends(hosts=[])(hosted.friend, headers)
    for _, asked in hosted.asked:
        assert not set(asked) & {*OURS, "traceparent"}
        assert asked["x-other"] == "1"


def test_a_redirect_to_another_host_does_not_take_it_along(sends: Callable[..., Get], hosted: Hosted) -> None:
    """Each hop is told what is its own: an allowed host before and after a stranger, who learns nothing."""
    with request_scope():
        sends(hosts=[f"localhost:{hosted.port}"])(
            f"{hosted.friend}/?to={hosted.stranger}/?to={hosted.friend}/?to={hosted.stranger}/",
            {"baggage": "mine=1"},
        )
    hosts = [host.partition(":")[0] for host, _ in hosted.asked]
    assert hosts == ["localhost", "127.0.0.1", "localhost", "127.0.0.1"]
    told = [{name for name in OURS if name in asked} for _, asked in hosted.asked]
    assert told == [set(TOLD), set(), set(TOLD), set()]


def test_what_the_scope_says_goes_before_what_a_header_said(sends: Callable[..., Get], hosted: Hosted) -> None:
    """A header copied from the request that came in cannot say another customer; others' baggage stays."""
    headers = {"x-customer-id": "forged", "baggage": "vendor=1,outlay.customer=forged", "x-team-id": "theirs"}
    with outlay.context(customer="acme"):
        sends(hosts=["localhost"])(hosted.friend, headers)
    told = {"x-customer-id": "acme", "x-team-id": "theirs", "baggage": "outlay.customer=acme,vendor=1"}
    assert hosted.last() == told
    assert "traceparent" not in hosted.asked[-1][1]


def test_outside_any_scope_nothing_is_added(sends: Callable[..., Get], hosted: Hosted) -> None:
    """A program that says nothing sends what it always sent."""
    sends(hosts=["localhost"])(hosted.friend)
    assert hosted.last() == {}


def test_a_signed_context_is_sent_to_those_who_believe_nothing_else(sends: Callable[..., Get], hosted: Hosted) -> None:
    """With keys, what the scope says is signed anew for each request, for five minutes."""
    with outlay.context(customer="acme", user="two words"):
        sends(hosts=["localhost"], keys=KEYS)(hosted.friend)
    token = hosted.last()["x-outlay-context"]
    assert claims(token, checked(KEYS)) == ({"customer": "acme"}, None)
    assert int(token.split(".")[3]) - int(token.split(".")[2]) == 300


def test_a_header_that_a_host_has_its_own_use_for_can_be_kept(sends: Callable[..., Get], hosted: Hosted) -> None:
    """`keep=` names it; the others go."""
    sends(hosts=[], keep=["X-User-Id"])(hosted.friend, {"x-user-id": "theirs", "x-team-id": "t"})
    assert hosted.last() == {"x-user-id": "theirs"}


def test_the_anthropic_client_leaks_the_baggage_and_with_the_hook_does_not(hosted: Hosted) -> None:
    """It sends OpenTelemetry's baggage to its vendor unless told otherwise; the hook tells no vendor anything."""

    def ask(client: anthropic.Anthropic) -> Headers:
        client.messages.create(model="m", max_tokens=5, messages=[{"role": "user", "content": "hi"}])
        return hosted.last()

    token = otel_context.attach(otel_baggage.set_baggage("app.customer", "acme"))
    try:
        with anthropic.Anthropic(api_key="k", base_url=hosted.stranger, max_retries=0) as client:
            assert ask(client) == {"baggage": "app.customer=acme"}
            assert outlay.outbound(client, hosts=["localhost"]) is client
            assert ask(client) == {}
    finally:
        otel_context.detach(token)


def test_async_clients_of_vendors_are_hooked_alike(hosted: Hosted) -> None:
    """OpenAI's async client, with a header of ours among its own."""

    async def ask() -> None:
        headers = {"X-Customer-Id": "acme"}
        async with openai.AsyncOpenAI(
            api_key="k", base_url=hosted.stranger, max_retries=0, default_headers=headers
        ) as client:
            outlay.outbound(client, hosts=[])
            await client.embeddings.with_raw_response.create(model="m", input="hi")

    run(ask())
    assert hosted.last() == {}


def test_hooks_of_the_host_stay_and_ours_is_there_once(hosted: Hosted) -> None:
    """Asked twice, the last list counts; hooks that were there before run before."""
    seen: list[str] = []
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [lambda request: seen.append(request.url.host)]}
    with httpx.Client(event_hooks=hooks) as client, outlay.context(customer="acme"):
        outlay.outbound(outlay.outbound(client, hosts=[]), hosts=["localhost"])
        assert len(client.event_hooks["request"]) == 2
        client.get(hosted.friend)
    assert hosted.last()["x-customer-id"] == "acme"
    assert seen == ["localhost"]
    with requests.Session() as session, outlay.context(customer="acme"):
        adapter = session.get_adapter("https://x")
        outlay.outbound(outlay.outbound(session, hosts=[]), hosts=["localhost"])
        wrapped: Any = session.get_adapter("https://x")
        assert wrapped.inner is adapter
        assert wrapped.max_retries is adapter.max_retries
        session.get(hosted.friend)
    assert hosted.last()["x-customer-id"] == "acme"


@pytest.mark.parametrize(
    "entry",
    [
        *("", " ", ".", "*", "*.internal", "https://api.internal", "api.internal/", "a@b", "a b", "host:", "host:0x1"),
        *("host:99999", "host:0", "[::1", "a:b:c", "host:\uff18\uff10", "[host]"),
    ],
)
def test_an_entry_that_is_no_host_is_refused(entry: str) -> None:
    """A list that does not say what its author meant is a leak; it is said at once, and how to write it."""
    with pytest.raises(BadConfig) as refused:
        Hosts([entry])
    assert "api.internal" in refused.value.fix
    with pytest.raises(BadConfig, match="not a list"):
        Hosts("api.internal")


def test_hosts_are_compared_as_they_are_connected_to() -> None:
    """Case, a last dot, international names and ways to write an address do not matter; every other letter does."""
    hosts = Hosts(["Bücher.example", "[::1]:8000", "API.internal.", ".Svc.Local:8443", "10.0.0.1"])
    for name, port in [
        *(("xn--bcher-kva.example", 443), ("0:0:0:0:0:0:0:1", 8000), ("::1", 8000), ("api.internal", 1)),
        *(("a.b.svc.local", 8443), ("10.0.0.1", 80)),
    ]:
        assert hosts.allow(name, port), name
    for other, any_port in [
        *(("bucher.example", 443), ("::1", 80), ("api.internal.evil.com", 1), ("xapi.internal", 1)),
        *(("svc.local", 8443), ("a.svc.local", 443), ("a.svc.local", None), ("10.0.0.10", 80), ("", 80)),
    ]:
        assert not hosts.allow(other, any_port), other


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(max_size=30), st.none() | st.integers())
def test_no_host_makes_the_rules_fail(host: str, port: int | None) -> None:
    """Whatever a client calls a host, a request leaves, and only those on the list are told."""
    headers = {"baggage": "a=1", "x": "1"}
    Rules(["api.internal"]).apply(headers, host, port)
    assert headers == {"x": "1"} or host.lower().removesuffix(".").strip("[]") == "api.internal"


def test_a_client_of_unknown_kind_is_refused_with_what_to_do(hosted: Hosted) -> None:
    """A session of aiohttp takes its middleware when it is made, and the message says how."""

    async def offer() -> None:
        async with aiohttp.ClientSession() as session:
            outlay.outbound(session, hosts=[hosted.friend.removeprefix("http://")])

    with pytest.raises(BadConfig, match=r"aiohttp.client.ClientSession") as refused:
        run(offer())
    assert "middlewares=[middleware(hosts=...)]" in refused.value.fix
