"""Settings: what `outlay.configure` was told, completed from the environment."""

import os
from collections.abc import Mapping

from outlay.sdk.output.hashing import NAMES, Hashing

_OFF = ("", "0", "off", "no", "false")
_MIB = 1 << 20


class Settings:
    """Where events go and how; see `outlay.configure` for what each means.

    Args:
        asked: What configure was told, by name; None or missing is as the environment says.
        environment: Usually the process's own.
    """

    def __init__(self, asked: Mapping[str, object], environment: Mapping[str, str]) -> None:
        def said(name: str) -> str | None:
            value = asked.get(name)
            if value is None:
                return environment.get(f"OUTLAY_{name.upper()}") or None
            return os.fspath(value) if isinstance(value, os.PathLike) else str(value)

        #: Addresses that are none, by the name of the setting.
        self.bad: dict[str, str] = {}
        self.collector = self._address("collector", said("collector"))
        self.key = said("key")
        self.events = said("events")
        self.otlp = self._address("otlp", said("otlp"))
        self.otlp_headers = _headers(asked.get("otlp_headers"), environment.get("OUTLAY_OTLP_HEADERS", ""))
        self.metrics = _on(asked.get("metrics"), environment.get("OUTLAY_METRICS", ""))
        self.hashing = hashing_of(asked, environment)
        self.spool = _spool(asked.get("spool"), environment)
        self.spool_bytes = _number(asked, "spool_bytes", 64 * _MIB)
        self.queue_events = _number(asked, "queue_events", 20_000)
        self.queue_bytes = _number(asked, "queue_bytes", 32 * _MIB)
        self.batch_events = _number(asked, "batch_events", 1000)
        self.batch_bytes = _number(asked, "batch_bytes", _MIB)
        self.every_s = _seconds(asked, "every_s", 1)
        self.timeout_s = _seconds(asked, "timeout_s", 10)
        self.exit_s = _seconds(asked, "exit_s", 0.8)

    @property
    def sends(self) -> bool:
        """Say whether anything leaves the process over a network."""
        return bool(self.collector or self.otlp)

    @property
    def goes_somewhere(self) -> bool:
        """Say whether events go anywhere at all."""
        return bool(self.sends or self.events or self.metrics)

    def _address(self, name: str, found: str | None) -> str | None:
        """Return an address that requests can be sent to; one that is none is remembered as bad."""
        if found is None:
            return None
        scheme, _, rest = found.strip().partition("://")
        place = rest.partition("/")[0].rpartition("@")[2]
        port = place.rpartition("]")[2].rpartition(":")[2] if ":" in place.rpartition("]")[2] else "80"
        if scheme.lower() in ("http", "https") and place.strip(":[]") and port.isdecimal() and found.isprintable():
            return found.strip()
        self.bad[name] = found
        return None


def _number(asked: Mapping[str, object], name: str, usual: int) -> int:
    value = asked.get(name)
    return value if isinstance(value, int) and value > 0 else usual


def _seconds(asked: Mapping[str, object], name: str, usual_s: float) -> float:
    value = asked.get(name)
    return value if isinstance(value, int | float) and value >= 0 else usual_s


def _on(asked: object, found: str) -> bool:
    return found.strip().lower() not in _OFF if asked is None else bool(asked)


def hashing_of(asked: Mapping[str, object], environment: Mapping[str, str]) -> Hashing:
    """Return how identifiers of people are hashed, as was asked for or as the environment says."""
    key = asked.get("hash_users") or environment.get("OUTLAY_HASH_USERS") or None
    names = asked.get("hashed")
    secret = key if isinstance(key, bytes | None) else str(key).encode()
    return Hashing(secret, tuple(map(str, names)) if isinstance(names, tuple | list) else NAMES)


def _headers(asked: object, found: str) -> dict[str, str]:
    """Return further headers of OTLP requests, given as a mapping or written `name=value,name=value`."""
    if isinstance(asked, Mapping):
        return {str(name): str(value) for name, value in asked.items()}
    pairs = (pair.partition("=") for pair in found.split(",") if "=" in pair)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _spool(asked: object, environment: Mapping[str, str]) -> str | bool:
    """Return the folder for what cannot be sent now; True for the usual one, False for none."""
    if isinstance(asked, bool):
        return asked
    given = (
        environment.get("OUTLAY_SPOOL")
        if asked is None
        else os.fspath(asked)
        if isinstance(asked, os.PathLike)
        else str(asked)
    )
    return True if given is None else given.strip().lower() not in _OFF and given
