"""Rows that an importer fetched, written as a file that is taken in like any other.

Comes in: rows by column of a charge. Goes out: a CSV file whose headers are columns of a charge.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from outlay.errors import Broken
from outlay.store.tables import BY_NAME
from outlay.store.tables.inlets import TAKEN

#: What one field may be. A mapping is for tags.
Value = str | Decimal | int | datetime | Mapping[str, str] | None

_CHARGE = tuple(c.name for c in BY_NAME["charge"].columns if c not in TAKEN and c.name != "extra")
#: `Importer.columns` of a source that writes its rows with `write`.
COLUMNS: Mapping[str, tuple[str, ...]] = {name: (name,) for name in _CHARGE}
#: `Importer.mandatory` of such a source: what every charge has.
MANDATORY: tuple[str, ...] = tuple(
    c.name for c in BY_NAME["charge"].columns if c.name in COLUMNS and not c.optional and c.name != "tags"
)


def write(rows: Iterable[Mapping[str, Value]], path: Path) -> Path:
    """Write rows as CSV, one line each, and return the path.

    The headers are columns of a charge; keys that are none come after them and land in `extra`. No rows at all make a
    file of headers only, which imports as nothing.

    Args:
        rows: Value by column. Amounts as `Decimal`, instants as aware `datetime`, tags as a mapping.
        path: Where the file goes.

    Raises:
        Broken: A value is of another type, or an instant has no zone.
    """
    held = [{key: _text(key, value) for key, value in row.items()} for row in rows]
    found = dict.fromkeys(key for row in held for key in row)
    header = [name for name in _CHARGE if name in found or name in MANDATORY]
    header += [key for key in found if key not in COLUMNS]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(held)
    return path


def _text(key: str, value: Value) -> str:
    """Return a value as it stands in a file.

    >>> _text("billed_cost", Decimal("1E-7")), _text("charge_period_start", datetime(2026, 10, 1, tzinfo=UTC))
    ('0.0000001', '2026-10-01T00:00:00Z')
    """
    match value:
        case None:
            return ""
        case str():
            return " ".join(value.splitlines())  # a line of the file is a line of text
        case Decimal():
            return format(value, "f")
        case int() if not isinstance(value, bool):
            return str(value)
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case Mapping():
            return json.dumps(dict(value), ensure_ascii=False, separators=(", ", ": "))
    raise Broken(f"{key} is {value!r}, a {type(value).__name__}, which no field of a bill may be")
