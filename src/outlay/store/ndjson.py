"""Rows as newline-delimited JSON, the one form in which both engines take rows from Python."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

_BATCH = 50_000


def batches(rows: Iterable[Mapping[str, object]]) -> Iterator[tuple[list[bytes], list[str]]]:
    """Cut rows into batches of lines that share their columns.

    Args:
        rows: Values by column name.

    Yields:
        The lines of one batch, and the names of their columns.
    """
    lines: list[bytes] = []
    names: list[str] = []
    for row in rows:
        if lines and (len(lines) >= _BATCH or list(row) != names):
            yield lines, names
            lines = []
        names = list(row)
        lines.append(json.dumps(row, default=_plain, ensure_ascii=False).encode() + b"\n")
    if lines:
        yield lines, names


def _plain(value: object) -> str:
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
        case date():
            return value.isoformat()
    raise TypeError(f"a column cannot hold a {type(value).__name__}")
