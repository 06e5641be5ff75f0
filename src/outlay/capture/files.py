"""Files of events as decoded objects, one per line, with the line each stands on.

Comes in: a path. Goes out: (line, object or flaw). NDJSON, a JSON array, a CloudEvents batch, or CSV with a mapping;
gzip is unpacked on the way.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import msgspec

from outlay.capture.mapping import ColumnMapping
from outlay.errors import BadInput, Unreadable
from outlay.wire.event import Flaw

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
#: An event longer than this is no event.
_LONGEST = 1 << 20
_NOT_JSON = "write one JSON object per line"
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file's unpacked content, in hex, and check that it can be read.

    Raises:
        BadInput: There is no such file.
        Unreadable: It is empty, or a damaged gzip file.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise BadInput(f"{path} {what}", fix="give the path of a file of events", code="no-file")
    digest = hashlib.sha256()
    size = 0
    try:
        with _opened(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Unreadable(
            f"{path.name} is a damaged or cut-off gzip file", fix="copy or export it again", code="truncated"
        ) from error
    if not size:
        raise Unreadable(f"{path.name} is empty", fix="check that the export or the copy finished", code="empty-file")
    return digest.hexdigest()


def events(
    path: Path, mapping: ColumnMapping | None, advance: Callable[[int], None] | None = None
) -> Iterator[tuple[int, object]]:
    """Yield each record of a file with its line, decoded; a `Flaw` where it cannot be."""
    with _opened(path) as file:
        if mapping:
            yield from _csv(file, mapping, path.name)
            return
        start = file.read(_CHUNK).lstrip()[:1]
        file.seek(0)
        yield from _array(file) if start == b"[" else _lines(file, advance)


def _opened(path: Path) -> io.BufferedIOBase:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]


def _lines(file: io.BufferedIOBase, advance: Callable[[int], None] | None) -> Iterator[tuple[int, object]]:
    for line, text in enumerate(file, start=1):
        if advance:
            advance(len(text))
        if text.strip():
            yield line, _decoded(text)


def _decoded(text: bytes) -> object:
    if len(text) > _LONGEST:
        return Flaw("field-too-long", "event", None, "an event is at most 1 MB; leave content out of it")
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        return Flaw("not-json", "event", f"{error}: {text[:40].decode(errors='replace')}"[:80], _NOT_JSON)


def _array(file: io.BufferedIOBase) -> Iterator[tuple[int, object]]:
    try:
        found = _decode(file.read())
    except (msgspec.DecodeError, ValueError) as error:
        yield 1, Flaw("not-json", "file", str(error)[:80], "close the array, or write one JSON object per line")
        return
    yield from enumerate(found, start=1)


def _csv(file: io.BufferedIOBase, mapping: ColumnMapping, name: str) -> Iterator[tuple[int, object]]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")  # type: ignore[type-var]
    reader = csv.DictReader(text)
    header = list(reader.fieldnames or ())
    wanted = [*mapping.columns.values(), *mapping.usage.values()]
    if missing := [column for column in wanted if column not in header]:
        raise Unreadable(
            f"{name} has no column {missing[0]!r}; it has {', '.join(header)}",
            fix="name the columns it has in the mapping file",
            code="missing-column",
        )
    for row in reader:
        extra = row.pop(None, None)  # type: ignore[call-overload]
        if extra or None in row.values():
            yield reader.line_num, Flaw("wrong-column-count", "line", None, f"give every line {len(header)} fields")
        else:
            yield reader.line_num, mapping.event(row)
