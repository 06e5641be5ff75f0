"""The directory: for every address a program asks, who is paid, by what the program said and by what is known.

Comes in: what `instrument` and `track` were told. Goes out: a `Route` for a request, or None, from memory after the
first time.
"""

from collections.abc import Callable, Mapping
from typing import TypedDict
from urllib.parse import urlsplit

from outlay.sdk.instrument.hosts import Route, provider_of, route
from outlay.sdk.instrument.trouble import said_once, swallowed

#: Addresses that are remembered; some have ids in them.
_MOST = 4096
_Place = tuple[str, int | None]


class Metered(TypedDict, total=False):
    """How requests to a host are metered: all is optional.

    Args:
        provider: Who is paid; the host's name when it is not said.
        model: Model, meter or SKU.
        operation: What was asked.
        usage: Quantity by unit of every request; `{"request": 1}` when neither it nor `read` is said.
        read: Reads quantities by unit out of the decoded answer; it is called in the background, and with None when
            there is no JSON.
        paths: Only requests to paths that begin with one of these; all when it is not said.
    """

    provider: str
    model: str
    operation: str
    usage: Mapping[str, object]
    read: Callable[[object], Mapping[str, object] | None]
    paths: tuple[str, ...] | list[str]


class Directory:
    """Who is paid, by address.

    Args:
        everywhere: Who is paid whatever the host, for requests that ask a model for something; None where the host
            decides.
    """

    def __init__(self, everywhere: str | None = None) -> None:
        self._everywhere = everywhere
        self.clear()

    def clear(self, *, silent: bool = False) -> None:
        """Forget all that was said.

        Args:
            silent: Whether nobody is paid from now on, whatever is known.
        """
        self._silent = silent
        self._hosts: dict[_Place, str] = {}
        self._metered: dict[_Place, list[tuple[tuple[str, ...], Route]]] = {}
        self._known: dict[tuple[bytes, int | None, bytes, str], Route | None] = {}

    def say(self, address: str, provider: str | None = None) -> None:
        """Say who is paid for what a host answers.

        Args:
            address: A host, a host with port, or a URL; without a port it is any.
            provider: Who is paid; None means whoever is known for that host, else the host's own name.
        """
        place = place_of(address)
        self._hosts[place] = provider or provider_of(place[0]) or place[0]
        self._known = {}

    def meter(self, address: str, how: Metered) -> None:
        """Meter every request to a host, as a program says. What cannot be used is left out, and named in the log."""
        unknown = set(how) - set(Metered.__annotations__)
        read = how.get("read")
        if unknown or (read is not None and not callable(read)):
            named = ", ".join(sorted(unknown)) or "read"
            known = ", ".join(Metered.__annotations__)
            said_once(
                f"http {address}", f"instrument(http={{{address!r}: ...}}): {named} cannot be used. Known: {known}"
            )
            swallowed("metering a host")
            return
        place = place_of(address)
        usage = how.get("usage", {} if read else {"request": 1})
        found = Route(how.get("provider") or place[0], how.get("operation"), how.get("model"), usage, read)
        self._metered.setdefault(place, []).append((tuple(how.get("paths", ("/",))), found))
        self._known = {}

    def paid(self, address: str) -> str | None:
        """Return who is paid at an address, by what a program said or by what is known; None for neither."""
        place = place_of(address)
        return self._hosts.get(place) or self._hosts.get((place[0], None)) or provider_of(place[0])

    def find(self, host: bytes, port: int | None, path: bytes, method: str) -> Route | None:
        """Return who is paid for a request; None when nobody is.

        Args:
            host: As in the request, in lower case.
            port: None for the usual one of its scheme.
            path: With the query string.
            method: In capitals.
        """
        key = (host, port, path, method)
        try:
            return self._known[key]
        except KeyError:
            pass
        found = self._look_up(host.decode("ascii", "replace"), port, path.decode("ascii", "replace"), method)
        if len(self._known) >= _MOST:
            self._known = {}
        self._known[key] = found
        return found

    def _look_up(self, host: str, port: int | None, path: str, method: str) -> Route | None:
        if self._silent:
            return None
        for place in ((host, port), (host, None)):
            for beginnings, found in self._metered.get(place, ()):
                if path.startswith(beginnings):
                    return found
        if method != "POST":
            return None
        provider = self._hosts.get((host, port)) or self._hosts.get((host, None))
        provider = self._everywhere or provider or provider_of(host)
        return route(provider, host, path) if provider else None


def place_of(address: str) -> _Place:
    """Return host and port of an address.

    >>> place_of("http://localhost:8000/v1"), place_of("api.example.com")
    (('localhost', 8000), ('api.example.com', None))
    """
    parts = urlsplit(address if "//" in address else f"//{address}")
    return (parts.hostname or address, parts.port)
