"""Text: a usage event written as one line of JSON, with the standard library alone."""

import json
from dataclasses import fields
from datetime import UTC
from decimal import Decimal
from operator import attrgetter

from outlay.terms.usage_event import UsageEvent

_NAMES = tuple(field.name for field in fields(UsageEvent))
_values = attrgetter(*_NAMES)


def to_json(event: UsageEvent) -> str:
    """Write an event as one JSON object. Absent fields are left out; decimals are texts, so that none is rounded.

    >>> from datetime import UTC, datetime
    >>> to_json(UsageEvent("a", datetime(2026, 10, 3, 12, tzinfo=UTC), {"input": 5}))
    '{"id": "a", "time": "2026-10-03T12:00:00+00:00", "usage": {"input": 5}, "attempt": 1, "state": "complete",
    "currency": "USD"}'
    """
    given = {
        name: value for name, value in zip(_NAMES, _values(event), strict=True) if value is not None and value != {}
    }
    given["time"] = event.time.astimezone(UTC).isoformat()
    return _encode(given)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"an event cannot hold a {type(value).__name__}")


#: Made once: making an encoder costs as much as writing an event with it.
_encode = json.JSONEncoder(default=_plain, ensure_ascii=False, allow_nan=False).encode
