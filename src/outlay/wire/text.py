"""Text: a usage event as one JSON object, written and read with the standard library."""

import json
from dataclasses import fields
from datetime import UTC
from decimal import Decimal
from typing import Any

from outlay.terms.usage_event import UsageEvent
from outlay.wire.fault import Fault
from outlay.wire.reading import fields_of


def to_json(event: UsageEvent) -> str:
    """Write an event as one line of JSON. Absent fields are left out; decimals are texts, so that none is rounded.

    >>> from datetime import UTC, datetime
    >>> to_json(UsageEvent("a", datetime(2026, 10, 3, 12, tzinfo=UTC), {"input": 5}))
    '{"id": "a", "time": "2026-10-03T12:00:00+00:00", "usage": {"input": 5}, "attempt": 1, "state": "complete",
    "currency": "USD"}'
    """
    given = {field.name: getattr(event, field.name) for field in fields(event)}
    given["time"] = event.time.astimezone(UTC).isoformat()
    given["usage"] = dict(event.usage)
    said = {name: value for name, value in given.items() if value is not None and value != {}}
    return json.dumps(said, default=_plain, ensure_ascii=False, allow_nan=False)


def from_json(text: str | bytes) -> UsageEvent | Fault:
    """Read one event, bare or as a structured CloudEvent; a fault says why it cannot be.

    >>> from_json('{"id": "a", "time": "2026-10-03T12:00:00Z", "usage": {"input": -5}}').field
    'usage.input'
    """
    try:
        given = json.loads(text, parse_float=Decimal, parse_constant=_refuse)
        json.dumps(given, default=_plain, ensure_ascii=False).encode()  # half a character cannot be kept
    except (ValueError, RecursionError):
        return Fault("bad-json", None, None, "write one JSON object in UTF-8")
    found: Any = fields_of(given)
    return found if isinstance(found, Fault) else UsageEvent(**found)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"an event cannot hold a {type(value).__name__}")


def _refuse(word: str) -> object:
    raise ValueError(f"{word} is not JSON")
