"""Logs: files in which events stand among other lines, read by a mapping.

Comes in: JSON lines, also behind a prefix or inside another collector's envelope, or the results of a query of
CloudWatch Logs Insights as `aws logs get-query-results` prints them. Goes out: (line, record), as from any file; what
is no event is a named skip. Only fields that the mapping names are looked at, so nothing else of a line is kept.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import cast

import msgspec

from outlay.capture import files
from outlay.capture.mapping import ColumnMapping, Skip
from outlay.capture.table import FINGERPRINT
from outlay.errors import Unreadable
from outlay.wire.flaw import Flaw

Record = dict[str, object] | Flaw | Skip
#: Fields in which collectors of logs put what a program wrote.
_ENVELOPES = ("@message", "message", "log", "msg", "MESSAGE", "body")
#: What CloudWatch calls the place of a record; it is the same in every query.
_PLACE = "@ptr"
_HEAD = 1 << 16
_LONGEST_RESULTS = 1 << 28
_DEEPEST = 3


class _Cell(msgspec.Struct):
    field: str
    value: str | None = None


class _Results(msgspec.Struct):
    results: list[list[_Cell]]
    status: str = "Complete"


_results = msgspec.json.Decoder(_Results)
_object = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)


def records(path: Path, mapping: ColumnMapping, digest: str) -> Iterator[tuple[int, Record]]:
    """Yield each record of a log with its line; of results of a query with its place among them, from 1.

    Args:
        path: The file.
        mapping: Which field is what, and which lines are events.
        digest: Its fingerprint.

    Raises:
        Unreadable: It holds the results of a query that has not finished, or that failed.
    """
    found = _queried(path)
    if found is not None:
        for place, row in enumerate(found, start=1):
            yield place, _event(row, mapping, str(row.get(_PLACE) or f"{digest[:FINGERPRINT]}:{place}"))
        return
    for line, record in files.records(path, None, digest):
        if isinstance(record, bytes):
            said = _decoded(record)
            yield line, _event(said, mapping, f"{digest[:FINGERPRINT]}:{line}") if said else Skip("not-json")
        elif isinstance(record, Flaw):
            # One line too long to be an event: in a log that is somebody else's line.
            yield line, Skip("too-long") if record.code == "field-too-long" else record


def _queried(path: Path) -> list[dict[str, object]] | None:
    """Return the rows of a query's results; None when the file holds none."""
    with files.opened(path) as file:
        head = file.read(_HEAD)
        if not head.lstrip().startswith(b"{") or b'"results"' not in head:
            return None
        body = head + file.read(_LONGEST_RESULTS)
    try:
        found = _results.decode(body)
    except (ValueError, RecursionError):
        return None  # a line of a log that has such a word in it
    if found.status != "Complete":
        raise Unreadable(
            f"the query in {path.name} is {found.status.lower()}",
            fix="get its results again when it is complete",
            code="unfinished-query",
        )
    return [{cell.field: cell.value for cell in row} for row in found.results]


def _decoded(line: bytes) -> dict[str, object] | None:
    """Return the object that a line of a log is, or ends with."""
    start = line.find(b"{")
    if start < 0:
        return None
    try:
        return _object.decode(line[start:])
    except (ValueError, RecursionError, ArithmeticError):
        return None


def _event(row: Mapping[str, object], mapping: ColumnMapping, ident: str) -> Record:
    wanted = {column: _looked_up(row, column, _DEEPEST) for column in mapping.wanted()}
    if not mapping.is_event(wanted):
        return Skip("not-where")
    if not mapping.where and not mapping.says_usage(wanted) and "state" not in mapping.constants:
        return Skip("no-usage")
    event = mapping.event(wanted)
    return event if event.get("id") else {**event, "id": ident}


def _looked_up(row: Mapping[str, object], column: str, deep: int) -> object:
    """Return a field of a record, wherever it stands: by its name, by its path, or in what a program wrote."""
    if column in row:
        return row[column]
    found: object = row
    for part in column.split("."):
        found = cast("Mapping[str, object]", found).get(part) if isinstance(found, dict) else None
    if found is not None or not deep:
        return found
    for name in _ENVELOPES:
        inner = row.get(name)
        within = _decoded(inner.encode()) if isinstance(inner, str) and "{" in inner else inner
        if isinstance(within, dict) and (found := _looked_up(within, column, deep - 1)) is not None:
            return found
    return None
