"""Outbound: requests that leave the program. Allowed hosts are told who causes them; no other host ever is.

Comes in: a client of httpx, httpx2, requests or aiohttp. Goes out: the same client, by its own hooks.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from outlay.errors import BadConfig
from outlay.sdk.headers.names import USUAL, Names
from outlay.sdk.headers.signed import Secret
from outlay.sdk.outbound.rules import Rules

_Client = TypeVar("_Client")


def outbound(
    client: _Client,
    *,
    hosts: Iterable[str],
    keys: Mapping[str, Secret] | None = None,
    keep: Iterable[str] = (),
    names: Names = USUAL,
) -> _Client:
    """Let a client tell allowed hosts who causes its requests, and keep that from all others.

    Allowed hosts are sent `X-Feature-Context` and the other headers, `baggage`, and `traceparent` when the caller's
    request came with one. For every other host `baggage` and these headers are taken away, whoever put them there: the
    Anthropic SDK sends the baggage along, and so does whatever copies headers. Each hop of a redirect is looked at
    anew. What an instrumentation adds below the client, such as OpenTelemetry's of httpx, is beyond its reach.

    Args:
        client: `Client` or `AsyncClient` of httpx or httpx2, a `Session` of requests, or a client of openai or
            anthropic, which has one of the former inside. For aiohttp see `outlay.sdk.outbound.aiohttp.middleware`.
        hosts: `api.internal`, `api.internal:8443` for one port of it, `.internal` for everything below. An empty list
            allows none.
        keys: Sends a signed context too (`outlay.sign_context`), which holds for five minutes.
        keep: Headers that are not taken away, for hosts with a use of their own for one of the names.
        names: The headers that are sent, where they are not the usual ones.

    Returns:
        The client itself.

    Raises:
        BadConfig: A host is not written as above, or the client is of no known kind.
    """
    rules = Rules(hosts, keys=keys, keep=keep, names=names)
    inner: Any = client
    if not hasattr(inner, "event_hooks") and hasattr(getattr(inner, "_client", None), "event_hooks"):
        inner = inner._client  # noqa: SLF001 - where openai and anthropic keep the client that sends
    if hasattr(inner, "event_hooks"):
        from outlay.sdk.outbound import httpx

        httpx.hook(inner, rules)
    elif hasattr(inner, "adapters") and hasattr(inner, "mount"):
        from outlay.sdk.outbound import requests

        requests.hook(inner, rules)
    else:
        kind = f"{type(client).__module__}.{type(client).__name__}"
        raise BadConfig(
            f"{kind} is no client with a hook for requests",
            fix="aiohttp takes it when a session is made: ClientSession(middlewares=[middleware(hosts=...)]),"
            " from outlay.sdk.outbound.aiohttp",
            code="unknown-client",
        )
    return client
