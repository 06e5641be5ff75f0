"""httpx and httpx2: an event hook, which both call for each request they send, redirects and retries of auth too."""

from typing import Any

from outlay.sdk.outbound.rules import Rules


class _Hook:
    """What a plain client calls with a request."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def __call__(self, request: Any) -> None:  # noqa: ANN401 - of either library
        self.rules.apply(request.headers, request.url.raw_host.decode("ascii"), _port(request.url))


class _AsyncHook(_Hook):
    """What an async client calls with a request."""

    async def __call__(self, request: Any) -> None:  # type: ignore[override] # noqa: ANN401 - the async way of it
        super().__call__(request)


def hook(client: Any, rules: Rules) -> None:  # noqa: ANN401 - of either library
    """Give a client the rules as its last hook for requests, in place of those it was given before."""
    hooks = client.event_hooks
    mine = (_AsyncHook if hasattr(client, "aclose") else _Hook)(rules)
    others = [each for each in hooks.get("request", []) if not isinstance(each, _Hook)]
    client.event_hooks = {**hooks, "request": [*others, mine]}


def _port(url: Any) -> int | None:  # noqa: ANN401 - of either library
    port: int | None = url.port
    return port if port is not None else {"https": 443, "http": 80}.get(url.scheme)
