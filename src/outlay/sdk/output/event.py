"""Event: from what a recording was given to a usage event, checked as every import checks it."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from outlay.sdk.output.hashing import Hashing
from outlay.terms.usage_event import UsageEvent
from outlay.wire.event import Flaw, from_json
from outlay.wire.text import to_json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID_BYTES = 16


class Dropped(Exception):
    """An event that no import would take; its reason is counted and it goes no further."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def finished(
    kept_ns: int,
    scope: Mapping[str, object],
    given: Mapping[str, object],
    later: Callable[[], Mapping[str, object]] | None,
    hashing: Hashing,
) -> UsageEvent:
    """Return the event; raises `Dropped` with the code of the flaw when no import would take it.

    Args:
        kept_ns: When it was recorded, in nanoseconds since 1970: its time when none is given.
        scope: What the scopes around the recording said.
        given: Its fields; they override the scope.
        later: Returns further fields, which override those given.
        hashing: What to do to identifiers of people.
    """
    fields = {**scope, **_present(given)}
    if later is not None:
        fields |= _present(later() or {})
    fields.setdefault("sensor", "sdk")
    if "id" not in fields:
        fields["id"] = os.urandom(_ID_BYTES).hex()
    if "time" not in fields:
        fields["time"] = _EPOCH + timedelta(microseconds=kept_ns // 1000)
    if "usage" not in fields and "state" not in fields:
        fields["usage"] = {}
    event = from_json(hashing.applied(fields))
    if isinstance(event, Flaw):
        raise Dropped(event.code)
    return event


def line_of(event: UsageEvent) -> bytes:
    """Return an event as a line of a file, or of a request."""
    return to_json(event).encode() + b"\n"


def _present(given: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}
