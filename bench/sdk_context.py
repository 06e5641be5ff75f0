"""What saying who causes usage costs: a scope, a request through the middleware, a request that leaves.

Run by `make bench NAME=sdk_context`. The least of several rounds that take turns, so that a busy moment falls on all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from time import perf_counter
from typing import Any

import outlay
from outlay.sdk.headers import baggage
from outlay.sdk.headers.signed import checked, claims
from outlay.sdk.outbound.rules import Rules
from outlay.sdk.scope import said

_ROUNDS = 30
_KEYS = {"2026-10": "s" * 32}
_TOKEN = outlay.sign_context(_KEYS, customer="acme", user="u-1", lifetime_s=86_400)
_HEADERS = {
    "host": "api.example.com",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "accept": "application/json",
    "accept-encoding": "gzip, deflate, br",
    "content-type": "application/json",
    "x-feature-context": "search.answer",
    "x-customer-id": "acme",
    "x-user-id": "u-17",
    "x-session-id": "s-9",
    "baggage": "app.customer=acme,app.region=eu,outlay.plan=pro",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
_RAW = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
_ENVIRON = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"} | {
    f"HTTP_{name.upper().replace('-', '_')}": value for name, value in _HEADERS.items()
}
_Work = Callable[[int], None]


def _scope(count: int) -> None:
    for _ in range(count):
        with outlay.context(feature="search.answer", customer="acme"):
            pass


def _said(count: int) -> None:
    with outlay.context(feature="search.answer", customer="acme"):
        for _ in range(count):
            said()


async def _nothing(_scope: MutableMapping[str, Any], _receive: object, _send: object) -> None:
    """Be an application that does nothing."""


def _asgi(application: Callable[..., Awaitable[None]]) -> _Work:
    async def requests(count: int) -> None:
        for _ in range(count):
            await application({"type": "http", "method": "GET", "path": "/", "headers": _RAW}, None, None)

    return lambda count: asyncio.run(requests(count))


def _wsgi_nothing(_environ: dict[str, Any], _start: object) -> Iterable[bytes]:
    return []


def _wsgi(application: Callable[..., Iterable[bytes]]) -> _Work:
    def requests(count: int) -> None:
        for _ in range(count):
            application(_ENVIRON, None)

    return requests


def _outbound(hosts: list[str]) -> _Work:
    rules = Rules(hosts)

    def requests(count: int) -> None:
        with outlay.extract(_HEADERS), outlay.context(customer="acme", user="u-17"):
            for _ in range(count):
                rules.apply({"accept": "application/json"}, "api.internal", 443)

    return requests


def _repeat(function: Callable[[], object]) -> _Work:
    def calls(count: int) -> None:
        for _ in range(count):
            function()

    return calls


def main() -> None:
    """Measure everything in turn, and print microseconds."""
    signing: dict[str, Any] = {"trust": "signed", "keys": _KEYS}
    signed_raw = [*_RAW, (b"x-outlay-context", _TOKEN.encode())]

    async def signed_requests(count: int) -> None:
        middleware = outlay.ASGIMiddleware(_nothing, **signing)
        for _ in range(count):
            scope = {"type": "http", "method": "GET", "path": "/", "headers": signed_raw}
            await middleware(scope, None, None)  # type: ignore[arg-type] # no server

    work: dict[str, _Work] = {
        "with outlay.context(feature, customer)": _scope,
        "said()": _said,
        "ASGI: no middleware": _asgi(_nothing),
        "ASGI: middleware": _asgi(outlay.ASGIMiddleware(_nothing)),
        "ASGI: middleware, signed": lambda count: asyncio.run(signed_requests(count)),
        "WSGI: no middleware": _wsgi(_wsgi_nothing),
        "WSGI: middleware": _wsgi(outlay.WSGIMiddleware(_wsgi_nothing)),
        "outbound, allowed host": _outbound(["api.internal"]),
        "outbound, other host": _outbound([]),
        "read baggage": _repeat(lambda: baggage.read(_HEADERS["baggage"])),
        "check a signed context": _repeat(lambda: claims(_TOKEN, checked(_KEYS))),
    }
    least: dict[str, float] = {}
    for _ in range(_ROUNDS):
        for name, do in work.items():
            began = perf_counter()
            do(1000)
            least[name] = min(least.get(name, 1.0), (perf_counter() - began) / 1000)
    for name, seconds in least.items():
        print(f"{name:42} {seconds * 1_000_000:8.2f} us")


if __name__ == "__main__":
    main()
