"""Files of events, record by record, each with the line it stands on.

Comes in: a path. Goes out: (line, record): JSON as bytes, a line of a table as an object, or a flaw. NDJSON, a JSON
array, one CloudEvent or a batch of them, or CSV with a mapping; gzip is unpacked on the way.
"""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from outlay.capture import table
from outlay.capture.mapping import ColumnMapping, Skip
from outlay.errors import BadInput, Unreadable
from outlay.wire.event import Flaw

Record = bytes | dict[str, object] | Flaw | Skip
_GZIP = b"\x1f\x8b"
_MARK = b"\xef\xbb\xbf"
_CHUNK = 1 << 20
#: An event longer than this is no event.
_LONGEST = 1 << 20
#: The longest file that is looked at as one object over several lines.
_LONGEST_OBJECT = 1 << 24
_TOO_LONG = Flaw("field-too-long", "event", None, "an event is at most 1 MB; leave content out of it")


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
        with opened(path) as file:
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


def records(
    path: Path, mapping: ColumnMapping | None, digest: str, advance: Callable[[int], None] | None = None
) -> Iterator[tuple[int, Record]]:
    """Yield each record of a file with its line; in a JSON array, with its place in it, from 1.

    Args:
        path: The file.
        mapping: Which column is what, when the file is CSV.
        digest: Its fingerprint.
        advance: Called with the number of bytes read, for a progress bar.

    Raises:
        Unreadable: It lacks a column that the mapping names.
    """
    with opened(path) as file:
        if mapping:
            yield from table.records(file, mapping, path.name, digest)
            return
        head = file.read(_CHUNK).removeprefix(_MARK).lstrip()
        file.seek(0)
        if head[:1] == b"[":
            yield from _array(file.read().removeprefix(_MARK))
        elif head[:1] == b"{" and not head.partition(b"\n")[0].rstrip().endswith(b"}") and (whole := _object(file)):
            yield 1, whole
        else:
            yield from _lines(file, advance)


def opened(path: Path) -> io.BufferedIOBase:
    """Return a file to read from, unpacked on the way where it is packed."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return gzip.open(path, "rb") if packed else path.open("rb", buffering=_CHUNK)  # type: ignore[return-value]


def _lines(file: io.BufferedIOBase, advance: Callable[[int], None] | None) -> Iterator[tuple[int, Record]]:
    read = 0
    for line, text in enumerate(iter(partial(file.readline, _LONGEST + 1), b""), start=1):
        read += len(text)
        if advance and read >= _CHUNK:
            advance(read)
            read = 0
        if len(text) > _LONGEST:
            while text[-1:] != b"\n" and (text := file.readline(_LONGEST)):
                read += len(text)
            yield line, _TOO_LONG
        elif not text.isspace():
            yield line, text.removeprefix(_MARK) if line == 1 else text
    if advance:
        advance(read)


def _array(content: bytes) -> Iterator[tuple[int, Record]]:
    try:
        found = msgspec.json.decode(content, type=list[msgspec.Raw])
    except (ValueError, RecursionError) as error:
        yield 1, Flaw("not-json", "file", str(error)[:80], "close the array, or write one JSON object per line")
        return
    for place, element in enumerate(found, start=1):
        yield place, bytes(element)


def _object(file: io.BufferedIOBase) -> bytes | None:
    """Return the whole file if it is one JSON object over several lines; else nothing, the file back at its start."""
    whole = file.read(_LONGEST_OBJECT).removeprefix(_MARK)
    file.seek(0)
    try:
        msgspec.json.decode(whole, type=dict)
    except (ValueError, RecursionError):
        return None
    return whole
