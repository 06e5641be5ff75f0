"""Recording: one line of JSON for each event, appended to a file. Nothing here raises into the host.

What it needs is loaded with the first record, so that `import outlay` costs next to nothing.
"""

import os
import sys
from _thread import allocate_lock  # what threading.Lock is, without loading threading

from outlay.sdk.scope import said

_ENVIRONMENT = "OUTLAY_EVENTS"


class _File:
    """The file that events are appended to, opened when first needed and again after it is configured anew."""

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.path: str | None = None
        self.opened: tuple[str, int] | None = None
        self.dropped = 0

    def append(self, line: bytes) -> None:
        """Append a line in one write, so that lines of several threads and processes never mix."""
        path = self.path or os.environ.get(_ENVIRONMENT)
        if not path:
            raise LookupError(f"neither configure(events=...) nor {_ENVIRONMENT} names a file")
        with self.lock:
            if self.opened is None or self.opened[0] != path:
                self._close()
                self.opened = (path, os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
            if os.write(self.opened[1], line) != len(line):
                raise OSError("the disk took half a line")

    def point_at(self, path: str | None) -> None:
        with self.lock:
            self._close()
            self.path = path

    def drop(self) -> None:
        with self.lock:
            self.dropped += 1

    def _close(self) -> None:
        if self.opened:
            os.close(self.opened[1])
            self.opened = None


_file = _File()


def configure(
    *, events: "str | os.PathLike[str] | None" = None, prices: "str | os.PathLike[str] | None" = None
) -> None:
    """Say where events go, and where prices come from. What is not said is as the environment says.

    Args:
        events: The file that lines are appended to; it is made when it does not exist, readable by its owner only.
            None means the one that `OUTLAY_EVENTS` names.
        prices: The file that `outlay prices snapshot` wrote; read anew, with the first question for a price. None
            means the one that `OUTLAY_PRICES` names.
    """
    _file.point_at(None if events is None else os.fspath(events))
    if prices is not None or "outlay.sdk.pricing" in sys.modules:
        from outlay.sdk.pricing import use

        use(None if prices is None else os.fspath(prices))


def dropped() -> int:
    """Return how many events could not be recorded since the program started."""
    return _file.dropped


def record(
    *,
    provider: str | None = None,
    model: str | None = None,
    usage: "dict[str, object] | None" = None,
    **fields: object,
) -> None:
    """Record that something was used, by whoever the context around the call says.

    It never raises: an event that no import would take, or that cannot be written, is counted by `dropped()`.

    Args:
        provider: Who is paid for it.
        model: Model, meter or SKU, as the provider names it.
        usage: Quantity by unit, disjoint: `{"input": 200, "cache_read": 1000, "output": 30}`.
        fields: Any other field of a usage event (docs/events.md); they override the context. Further ones become
            tags. `id` and `time` are given when they are missing.
    """
    try:
        given = {"provider": provider, "model": model, "usage": usage, **fields}
        _file.append(_line({**said(), **{name: value for name, value in given.items() if value is not None}}))
    except Exception:  # noqa: BLE001 - law 12: whatever is wrong, the host goes on
        _file.drop()


def _line(given: dict[str, object]) -> bytes:
    """Return an event as a line; raises when no import would take it."""
    from datetime import UTC, datetime
    from uuid import uuid4

    from outlay.wire.event import Flaw, from_json
    from outlay.wire.text import to_json

    if given.get("usage") is None and given.get("state") is None:
        given["usage"] = {}
    event = from_json({"id": uuid4().hex, "time": datetime.now(UTC), "sensor": "sdk", **given})
    if isinstance(event, Flaw):
        raise ValueError(f"{event.field}: {event.fix}")  # noqa: TRY004 - a value that no import takes
    return to_json(event).encode() + b"\n"
