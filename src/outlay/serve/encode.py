"""Encode: the one JSON form of every answer, for the API and the CLI alike.

Comes in: values of ours. Goes out: JSON text in which no amount has been a float on the way.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from outlay.errors import Broken
from outlay.terms.money import plain


def to_json(value: object) -> str:
    """Return a value as JSON.

    Decimals become decimal strings without exponent, days `YYYY-MM-DD`, instants `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`,
    dataclasses objects. Keys keep the order they are given in.

    Raises:
        Broken: The value has no form in JSON, or an instant has no time zone.

    >>> print(to_json({"amount": Decimal("1200.500000000000"), "day": date(2026, 10, 31)}))
    {
      "amount": "1200.5",
      "day": "2026-10-31"
    }
    """
    return json.dumps(to_jsonable(value), ensure_ascii=False, indent=2, allow_nan=False)


def to_jsonable(value: object) -> object:
    """Return a value as mappings, lists, text, whole numbers and None, the way `to_json` writes it.

    >>> to_jsonable([datetime(2026, 10, 8, 9, tzinfo=UTC), Path("bill.csv"), (1, None, True)])
    ['2026-10-08T09:00:00Z', 'bill.csv', [1, None, True]]
    """
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (Decimal, date, Path)):
        return _text(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_jsonable(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_text(key): to_jsonable(inner) for key, inner in value.items()}
    if isinstance(value, Iterable):
        return [to_jsonable(inner) for inner in value]
    raise Broken(f"a {type(value).__name__} has no form in JSON")


def _text(value: object) -> str:
    """Return what stands alone as text; also for keys."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise Broken(f"the instant {value} has no time zone")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
