"""JSON as a table: newline-delimited records, or one array of them, copied as CSV that the reader takes.

Comes in: an unpacked JSON file. Goes out: the same file with its columns, and its records with the line each stands on.

A record's top-level names are columns; what is nested stays JSON text. Numbers keep the digits they were written with,
also within nested values, where they become texts: no amount passes through binary floating point. Lines are counted
from 1, because there is no header. An array has elements for lines.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from outlay.bills.reading.files import LINE, Unpacked, each_once
from outlay.bills.reading.lines import Careful
from outlay.errors import Unreadable

_READ_LIMIT = 1 << 24
_RECORD_LIMIT = 2_000_000
_SHOWN = 80


def copy_json_records(file: Unpacked, folder: Path) -> tuple[Unpacked, Careful]:
    """Copy the records of a JSON file as CSV, and set aside the lines that are none.

    Args:
        file: The file; its header is not known yet.
        folder: Where the copies go.

    Returns:
        The file with its header, and what was made of its lines: the copy has the line in its first column.

    Raises:
        Unreadable: It begins like one JSON array, and cannot be read as it.
    """
    body, good, broken = folder / "body.csv", folder / "good.csv", folder / "broken.jsonl"
    columns: dict[str, int] = {}
    widths: list[tuple[int, int]] = []
    count = 0
    with (
        file.path.open("rb") as raw,
        body.open("w", encoding="utf-8", errors="replace", newline="") as rows,
        broken.open("w", encoding="utf-8") as aside,
    ):
        write = csv.writer(rows, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
        written = 0
        for line, found in _records(raw, file):
            if isinstance(found, _Broken):
                aside.write(found.written(file.name, line))
                count += 1
                continue
            for name in found:
                columns.setdefault(name, len(columns))
            if not widths or widths[-1][1] < len(columns):
                widths.append((written, len(columns)))
            cells = [""] * len(columns)
            for name, value in found.items():
                cells[columns[name]] = _cell(value)
            write([str(line), *cells])
            written += 1
    header = each_once([_cell(name).encode("utf-8", "replace").decode() for name in columns])
    with good.open("w", encoding="utf-8", newline="") as whole:
        csv.writer(whole, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow([LINE, *header])
        _pad(body, whole, widths, len(columns))
    body.unlink()
    return replace(file, header=header), Careful(good, broken, count, {})


class _Broken:
    """A line that is no record: why, and what stood there."""

    def __init__(self, code: str, text: bytes) -> None:
        self.code, self.text = code, text[:_SHOWN].decode("utf-8", "replace").strip()

    def written(self, name: str, line: int) -> str:
        """Return it as the careful reader writes what it sets aside."""
        return json.dumps([self.code, name, line, None, self.text, None, None]) + "\n"


def _records(raw: BinaryIO, file: Unpacked) -> Iterator[tuple[int, dict[str, Any] | _Broken]]:
    """Yield each record with its line; empty lines are none."""
    if raw.read(1024).lstrip()[:1] == b"[":
        yield from _elements(raw, file)
        return
    raw.seek(0)
    line = 0
    while text := raw.readline(_READ_LIMIT):
        line += 1
        cut = not text.endswith(b"\n")
        whole = text
        while cut and (more := raw.readline(_READ_LIMIT)):
            cut, text = not more.endswith(b"\n"), text[:_SHOWN]
        if not whole.strip():
            continue
        if len(whole) > _RECORD_LIMIT:
            yield line, _Broken("field-too-long", text)
        elif file.truncated and cut:
            yield line, _Broken("truncated", text)
        else:
            found = _parsed(whole)
            yield line, found if isinstance(found, dict) else _Broken("bad-json", text)


def _elements(raw: BinaryIO, file: Unpacked) -> Iterator[tuple[int, dict[str, Any] | _Broken]]:
    raw.seek(0)
    found = _parsed(raw.read())
    if not isinstance(found, list):
        raise Unreadable(
            f"{file.name} begins like a JSON array but is none",
            fix="check that the export finished, or write one JSON object a line",
            code="bad-json",
        )
    for line, element in enumerate(found, start=1):
        yield line, element if isinstance(element, dict) else _Broken("bad-json", json.dumps(element).encode())


def _parsed(text: bytes) -> object:
    """Return what a text holds, numbers as they were written; None when it is no JSON."""
    try:
        return json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None


def _cell(value: object) -> str:
    r"""Return a value as a cell: plain as text, nested as JSON, nothing for null.

    >>> _cell("a\nb"), _cell(True), _cell({"amount": "-0.10"}), _cell(None)
    ('a b', 'true', '{"amount": "-0.10"}', '')
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return " ".join(value.replace("\x00", "").splitlines())
        case dict() | list() if not value:
            return ""
    return json.dumps(value)


def _pad(body: Path, whole: TextIO, widths: list[tuple[int, int]], width: int) -> None:
    """Copy rows, each made as wide as the header: names may first be met in a late record."""
    missing, following = 0, iter([*widths, (-1, 0)])
    starts_at, found = next(following)
    with body.open(encoding="utf-8", newline="") as rows:
        for place, row in enumerate(rows):
            if place == starts_at:
                missing = width - found
                starts_at, found = next(following)
            whole.write(row if not missing else row.rstrip("\n") + ',""' * missing + "\n")
