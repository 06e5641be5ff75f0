"""requests: an adapter around each of a session's own, because a session sends each hop of a redirect by one."""

from typing import Any

from outlay.errors import BadConfig
from outlay.sdk.outbound.rules import Rules

try:
    from requests import PreparedRequest, Response, Session
    from requests.adapters import BaseAdapter
    from urllib3.util import parse_url
except ImportError:
    raise BadConfig("requests is not installed", fix="pip install requests", code="not-installed") from None


class _Adapter(BaseAdapter):
    """Applies the rules to a request, and lets the adapter inside send it."""

    def __init__(self, inner: BaseAdapter, rules: Rules) -> None:
        super().__init__()
        self.inner = inner
        self.rules = rules

    def send(self, request: PreparedRequest, *args: Any, **named: Any) -> Response:  # noqa: ANN401 - as the inner does
        """Send a request."""
        url = parse_url(request.url or "")  # as the adapter inside reads it: two readings of one URL are a way around
        port = url.port or {"https": 443, "http": 80}.get(url.scheme or "")
        self.rules.apply(request.headers, url.host, port)
        return self.inner.send(request, *args, **named)

    def close(self) -> None:
        """Close the adapter inside."""
        self.inner.close()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the inner has
        """Return what the adapter inside has under a name, for those who set or read it on a session."""
        if name == "inner":  # not there yet: it is being copied or unpickled
            raise AttributeError(name)
        return getattr(self.inner, name)


def hook(session: Session, rules: Rules) -> None:
    """Put the rules around the adapters that a session has, in place of those it was given before."""
    for prefix, adapter in list(session.adapters.items()):
        inner = adapter.inner if isinstance(adapter, _Adapter) else adapter
        session.mount(prefix, _Adapter(inner, rules))
