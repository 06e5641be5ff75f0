"""The careful reader: one line at a time, for files that the fast reader refuses.

A file with a broken line (a quote that never closes, too few or too many fields, bytes that are not text, an
endless field) is copied with its good records, each with the line it stood on; the broken ones are set aside.
"""

import csv
import json
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, TextIO

from outlay.bills.reading.files import LINE, Unpacked
from outlay.terms.currency import CURRENCIES
from outlay.terms.money import rounded
from outlay.terms.problem import Problem

#: Longer fields are never a bill; the engine's own limit is on the whole record.
_FIELD_LIMIT = 1 << 20
_RECORD_LIMIT = 2_000_000
_READ_LIMIT = 1 << 24
_RECORD_LINES = 200
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_LARGEST = Decimal(10) ** 26

_FIX = {
    "unbalanced-quote": 'close the quote, and write a quote inside a field as ""',
    "bad-encoding": "save the file as UTF-8, or name its encoding with --encoding",
    "field-too-long": "shorten the field to under 1 MB and the line to under 2 MB",
    "wrong-column-count": "quote fields that hold the delimiter, and give every line as many fields as the header",
    "bad-json": "write one JSON object a line, or the whole file as one array of objects",
    "truncated": "the file ends within this line; copy or export it again and import it",
}


@dataclass(frozen=True, slots=True)
class Careful:
    """What the careful reader made of a file.

    Args:
        path: A copy that holds the readable records, comma-delimited, the line of each in the last column.
        broken: The other records, one problem a line.
        broken_lines: How many those are.
        at_stake: Money on them by currency, where both can still be read; 18 places or what stood there.
    """

    path: Path
    broken: Path
    broken_lines: int
    at_stake: dict[str, Decimal]

    def problems(self) -> Iterator[Problem]:
        """Yield the broken records as problems, in the order of lines."""
        with self.broken.open(encoding="utf-8") as lines:
            for text in lines:
                code, name, line, column, value, amount, currency = json.loads(text)
                exact = None if amount is None else rounded(Decimal(amount))
                yield Problem(code, name, line, column, value, exact, currency, _FIX[code])


@dataclass(frozen=True, slots=True)
class _Bad:
    """What is wrong with a record: the code, the column at fault, what stood there, and the fields as far as read."""

    code: str
    column: str | None
    value: str
    fields: list[str]


def copy_good_lines(file: Unpacked, folder: Path, amount: str | None, currency: str | None) -> Careful:
    """Copy the readable records of a CSV file, and set the others aside.

    Args:
        file: The file, in UTF-8.
        folder: Where the copy goes.
        amount: The column that holds the money, to say what is at stake.
        currency: The column that holds its currency.
    """
    made = Careful(folder / "good.csv", folder / "broken.jsonl", 0, {})
    with (
        _long_fields(),
        file.path.open("rb") as raw,
        made.path.open("w", encoding="utf-8", newline="") as good,
        made.broken.open("w", encoding="utf-8") as broken,
    ):
        count, at_stake = _sort_out(raw, file, good, broken, (amount, currency))
    return Careful(made.path, made.broken, count, at_stake)


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let csv read long fields, which are judged here; the limit belongs to the process and is given back."""
    before = csv.field_size_limit(1 << 30)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _sort_out(
    raw: BinaryIO, file: Unpacked, good: TextIO, broken: TextIO, money: tuple[str | None, str | None]
) -> tuple[int, dict[str, Decimal]]:
    write = csv.writer(good, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
    write([*file.header, LINE])
    at_stake: dict[str, Decimal] = defaultdict(Decimal)
    count = 0
    places = [file.header.index(column) if column in file.header else None for column in money]
    for _ in range(file.header_lines):
        raw.readline()

    def whole(record: bytes) -> bool:
        return isinstance(_fields(record, file), list)

    for line, record in _records(_lines(raw), file.header_lines + 1, whole):
        found = _fields(record, file)
        if isinstance(found, list):
            if found:
                write([*found, line])
            continue
        amount, currency = _money(found.fields, *places)
        if amount is not None and currency is not None:
            at_stake[currency] += amount
        stood = None if amount is None else str(amount)
        broken.write(json.dumps([found.code, file.name, line, found.column, found.value[:80], stood, currency]) + "\n")
        count += 1
    return count, dict(at_stake)


def _lines(raw: BinaryIO) -> Iterator[bytes]:
    """Yield lines of text; of an endless one only its start, so that it cannot fill the memory."""
    while text := raw.readline(_READ_LIMIT):
        yield text
        while text and not text.endswith(b"\n"):
            text = raw.readline(_READ_LIMIT)  # the rest of the same line


def _records(lines: Iterator[bytes], first: int, whole: Callable[[bytes], bool]) -> Iterator[tuple[int, bytes]]:
    """Yield records with the line they begin on.

    A quote may stay open over several lines, but only if what it makes is a record. If not, the quote is a mistake
    of its own line: that line is given back alone, and the lines after it are read as if it were not there.
    """
    held: deque[bytes] = deque()
    line = first
    while text := held.popleft() if held else next(lines, b""):
        taken, length, odd = [text], len(text), text.count(b'"') % 2
        while odd and len(taken) < _RECORD_LINES and length < _RECORD_LIMIT:
            if not (more := held.popleft() if held else next(lines, b"")):
                break
            taken.append(more)
            length += len(more)
            odd ^= more.count(b'"') % 2
        record = b"".join(taken)
        if len(taken) > 1 and (odd or not whole(record)):
            held.extendleft(reversed(taken[1:]))
            taken, record = [text], text
        yield line, record
        line += len(taken)


def _fields(record: bytes, file: Unpacked) -> list[str] | _Bad:
    """Return the fields of a record, or what is wrong with it; no fields for an empty line."""
    text = record.decode("utf-8", errors="replace")
    bare = text.rstrip("\r\n")
    if not bare:
        return []
    delimiter, code = file.delimiter or ",", ""
    try:
        fields = next(csv.reader([bare], delimiter=delimiter, strict=True))
    except csv.Error:
        code, fields = "unbalanced-quote", next(csv.reader([" ".join(bare.splitlines())], delimiter=delimiter))
    column = None
    if len(record) > _RECORD_LIMIT or max(map(len, fields)) > _FIELD_LIMIT:
        code, longest = "field-too-long", max(range(len(fields)), key=lambda place: len(fields[place]))
        column, bare = (file.header[longest] if longest < len(file.header) else None), fields[longest]
    elif file.truncated and not text.endswith("\n"):
        code = "truncated"
    elif "\ufffd" in text and not _is_text(record):
        code = "bad-encoding"
        place = next((n for n, field in enumerate(fields) if "\ufffd" in field), len(file.header))
        column, bare = (file.header[place], fields[place]) if place < len(file.header) else (None, bare)
    elif not code and len(fields) != len(file.header):
        code, bare = "wrong-column-count", f"{len(fields)} fields, the header has {len(file.header)}"
    return _Bad(code, column, bare, fields) if code else fields


def _is_text(record: bytes) -> bool:
    try:
        record.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _money(fields: list[str], amount: int | None, currency: int | None) -> tuple[Decimal | None, str | None]:
    """Return what is at stake. Where the currency is not in its place the amount is not either: a guess is none."""
    if amount is None or currency is None or max(amount, currency) >= len(fields):
        return None, None
    code, number = fields[currency].strip(), fields[amount].strip()
    if code not in CURRENCIES:
        return None, None
    if not _NUMBER.fullmatch(number) or abs(found := Decimal(number)) >= _LARGEST:
        return None, code
    return found, code
