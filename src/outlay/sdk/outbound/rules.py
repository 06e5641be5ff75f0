"""Rules: which headers a request leaves with, by the host it goes to."""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from outlay.sdk.headers import baggage, signed, traceparent
from outlay.sdk.headers.names import SIGNED_HEADER, USUAL, Names, may_travel, value_of
from outlay.sdk.headers.tally import count
from outlay.sdk.outbound.hosts import Hosts
from outlay.sdk.scope import flags, said

_BAGGAGE, _TRACEPARENT = "baggage", "traceparent"
_LIFETIME_S = 300


class Rules:
    """What is sent to allowed hosts, and what is kept from others; the arguments are those of `outbound`."""

    def __init__(
        self,
        hosts: Iterable[str],
        *,
        keys: Mapping[str, signed.Secret] | None = None,
        keep: Iterable[str] = (),
        names: Names = USUAL,
    ) -> None:
        self._hosts = Hosts(hosts)
        self._keys = signed.checked(keys) if keys else None
        self._sent = names.sent()
        kept = {name.lower() for name in keep}
        self._secret = [name for name in (*names.headers, SIGNED_HEADER, _BAGGAGE) if name not in kept]

    def apply(self, headers: MutableMapping[str, str], host: str | None, port: int | None) -> None:
        """Change the headers of a request that is about to leave. Never raises; what cannot be decided is not told."""
        try:
            if host and self._hosts.allow(host, port):
                self._tell(headers)
                return
        except Exception:  # noqa: BLE001 - law 12: the request leaves, and tells nobody anything
            count("failed")
        for name in self._secret:
            while name in headers:
                del headers[name]

    def _tell(self, headers: MutableMapping[str, str]) -> None:
        here = said()
        for name, header in self._sent.items():
            if name in here:
                value = value_of(name, here[name])
                if value is not None:
                    headers[header] = value
                elif header in headers:
                    del headers[header]  # somebody else's value would be taken for ours
        others = headers.get(_BAGGAGE, "")
        members = baggage.joined(others, here) if others else baggage.write(here)
        if members:
            headers[_BAGGAGE] = members
        trace, span, marks = here.get("trace"), here.get("span"), flags()
        if marks is not None and isinstance(trace, str) and isinstance(span, str) and _TRACEPARENT not in headers:
            headers[_TRACEPARENT] = traceparent.write(trace, span, marks)
        if self._keys is not None:
            travelling: dict[str, Any] = {
                name: value for name, value in here.items() if may_travel(name) and value_of(name, value)
            }
            headers[SIGNED_HEADER] = signed.sign_context(self._keys, lifetime_s=_LIFETIME_S, **travelling)
