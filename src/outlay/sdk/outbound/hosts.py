"""Hosts: the ones that may be told who causes a request."""

import re
from collections.abc import Iterable
from ipaddress import IPv6Address

from outlay.errors import BadConfig

_MOST_PORTS = 65535
_PORT = r"(?::([0-9]{1,5}))?"
_NAME = re.compile(r"([^\s:/@?#%*\[\]]+)" + _PORT)
_ADDRESS = re.compile(r"\[([0-9a-fA-F:.]*:[0-9a-fA-F:.]*)\]" + _PORT)


class Hosts:
    """A list of allowed hosts.

    Args:
        entries: `api.internal`, `api.internal:8443`, `.internal` (everything below, not itself), `127.0.0.1:8000`,
            `[::1]:8000`. There is no entry that stands for all.

    Raises:
        BadConfig: An entry is none of these.

    >>> hosts = Hosts(["api.internal:8443", ".svc.local"])
    >>> hosts.allow("API.internal.", 8443), hosts.allow("api.internal", 443), hosts.allow("a.svc.local", 80)
    (True, False, True)
    >>> hosts.allow("svc.local", 80), hosts.allow("evilsvc.local", 80), hosts.allow("a.svc.local.evil.com", 80)
    (False, False, False)
    """

    def __init__(self, entries: Iterable[str]) -> None:
        if isinstance(entries, str):
            raise BadConfig(f"hosts={entries!r} is a text, not a list of hosts", fix="write [...] around it")
        read = [_read(entry) for entry in entries]
        self._exact = frozenset(each for each in read if not each[0].startswith("."))
        self._below = tuple(each for each in read if each[0].startswith("."))

    def allow(self, host: str, port: int | None) -> bool:
        """Say whether a host may be told.

        Args:
            host: As the client connects to it, an international name in its ASCII form.
            port: The port; None for one that is not known, which only entries without a port allow.
        """
        name = _plain(host)
        if (name, None) in self._exact or (port is not None and (name, port) in self._exact):
            return True
        return any(name.endswith(suffix) and of_port in (None, port) for suffix, of_port in self._below)


def _read(entry: str) -> tuple[str, int | None]:
    found = _ADDRESS.fullmatch(str(entry).strip()) or _NAME.fullmatch(str(entry).strip())
    host, port = found.groups() if found else ("", None)
    if not host.strip(".") or (port is not None and not 0 < int(port) <= _MOST_PORTS):
        raise BadConfig(
            f"{entry!r} is no host that can be allowed",
            fix="write a name such as api.internal, api.internal:8443 or .internal, without a scheme and without *",
        )
    return _plain(host), None if port is None else int(port)


def _plain(host: str) -> str:
    """Return a host as every way of writing it is compared: lower case, ASCII, no dot at its end."""
    name = host.strip("[]").lower().removesuffix(".")
    if ":" in name:
        try:
            return str(IPv6Address(name))
        except ValueError:
            return name
    if not name.isascii():
        try:
            return name.encode("idna").decode("ascii")
        except UnicodeError:
            return name
    return name
