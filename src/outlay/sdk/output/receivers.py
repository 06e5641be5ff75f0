"""Receivers: who takes what the settings send, each with a folder of its own for what has to wait."""

import os
import sys
from _thread import RLock
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from outlay.sdk.output.collector import Collector
from outlay.sdk.output.delivery import Delivery, Receiver
from outlay.sdk.output.drops import Drops
from outlay.sdk.output.otlp import Otlp
from outlay.sdk.output.settings import Settings
from outlay.sdk.output.spool import Spool


def deliveries(settings: Settings, drops: Drops, tick: Callable[[], bool], lock: RLock) -> list[Delivery]:
    """Return a delivery for the collector and for the OpenTelemetry collector, where they are set."""
    found: list[Receiver] = []
    if settings.collector:
        found.append(Collector(settings.collector, settings.key))
    if settings.otlp:
        found.append(Otlp(settings.otlp, settings.otlp_headers))
    return [Delivery(receiver, settings, _spool(receiver, settings), drops, tick, lock) for receiver in found]


def _spool(receiver: Receiver, settings: Settings) -> Spool | None:
    """Return the folder of a receiver and of the headers we come with.

    Events must not leave under the key of another service that shares the machine: a key may say whose they are.
    """
    folder = _state_folder() if settings.spool is True else Path(settings.spool) if settings.spool else None
    if folder is None:
        return None
    told = "\n".join([receiver.url, *(f"{name}: {value}" for name, value in sorted(receiver.headers.items()))])
    return Spool(folder / sha256(told.encode()).hexdigest()[:16], settings.spool_bytes)


def _state_folder() -> Path | None:
    """Return the folder where programs of this user keep what they have to remember; None where there is no home."""
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        home = "~/Library/Application Support"
    else:
        home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    try:
        found = Path(home).expanduser()
    except RuntimeError:
        return None
    return found / "outlay" / "spool" if found.is_absolute() else None
