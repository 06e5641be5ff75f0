"""Tables: records of a CSV file become decoded events by a mapping, still to be checked like any other."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from outlay.capture.mapping import ColumnMapping, Skip
from outlay.errors import Unreadable
from outlay.wire.event import Flaw

#: Of a fingerprint, enough to tell files apart.
FINGERPRINT = 16
#: What bytes that are not UTF-8 become while a line is read.
_LEFT = range(0xDC80, 0xDD00)


def records(
    file: io.BufferedIOBase, mapping: ColumnMapping, name: str, digest: str
) -> Iterator[tuple[int, dict[str, object] | Flaw | Skip]]:
    """Yield each record as an event, with the line it begins on; empty lines are none.

    Args:
        file: The file, at its start.
        mapping: Which column is what.
        name: Name of the file.
        digest: Fingerprint of its content. A line of a table has no id of its own; the file's content and its place
            are what a second import repeats.

    Raises:
        Unreadable: The header lacks a column that the mapping names.
    """
    with io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="") as text:  # type: ignore[type-var]
        head = text.readline()
        delimiter = max(",;\t|", key=head.count)
        header = [column.strip() for column in next(csv.reader([head], delimiter=delimiter), [])]
        if missing := [column for column in mapping.wanted() if column not in header]:
            shown = ", ".join(header).encode("utf-8", "replace").decode()
            raise Unreadable(
                f"{name} has no column {missing[0]!r}; it has {shown}",
                fix="name the columns it has in the mapping file",
                code="missing-column",
            )
        for line, cells in _cells(csv.reader(text, delimiter=delimiter)):
            if isinstance(cells, Flaw):
                yield line, cells
            else:
                yield line, _event(cells, header, mapping, f"{digest[:FINGERPRINT]}:{line}")


def _cells(reader: Any) -> Iterator[tuple[int, list[str] | Flaw]]:  # noqa: ANN401 - csv's reader has no public type
    """Yield the cells of each record; empty lines are none."""
    while True:
        line = reader.line_num + 2  # the header is line 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, Flaw("bad-csv", "line", None, f"mend the line: {error}")
            continue
        if cells:
            yield line, cells


def _event(
    cells: Sequence[str], header: Sequence[str], mapping: ColumnMapping, ident: str
) -> dict[str, object] | Flaw | Skip:
    if len(cells) != len(header):
        return Flaw("wrong-column-count", "line", str(len(cells)), f"give every line {len(header)} fields")
    if any(not cell.isascii() and any(ord(c) in _LEFT for c in cell) for cell in cells):
        return Flaw("bad-encoding", "line", None, "write the file in UTF-8")
    row = dict(zip(header, cells, strict=True))
    if not mapping.is_event(row):
        return Skip("not-where")
    event = mapping.event(row)
    return event if event.get("id") else {**event, "id": ident}
