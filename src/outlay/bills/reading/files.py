"""Files as they come: opened, unpacked, decoded, counted and fingerprinted, before any line is read.

Comes in: a path. Goes out: an `Unpacked` file in UTF-8 (or Parquet) on the disk.
"""

import codecs
import csv
import hashlib
import shutil
import zipfile
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from outlay.errors import BadInput, EngineFailed, Unreadable
from outlay.store.reading import parquet_columns

#: The column that carries the line number in copies that the careful reader makes.
LINE = "outlay_line"
_CHUNK = 1 << 22
_DELIMITERS = ",;\t|"
_HEADER_LIMIT = 1 << 20
_HEADER_LINES = 20
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_ZIP = b"PK\x03\x04"
_UTF8 = ("utf-8", "utf8", "utf-8-sig")


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A file that is ready to be read.

    Args:
        path: Where its unpacked content is.
        name: The file's name, as given.
        header: Its column names, each once (DuckDB takes no account of case).
        delimiter: Of a CSV file; None for Parquet.
        fingerprint: SHA-256 of the unpacked content, in hex.
        size: Of the unpacked content, in bytes.
        newlines: Lines of text it holds, the header included; 0 for Parquet.
        header_lines: Lines of text down to the end of the header; 0 for Parquet and JSON.
        is_text: Whether all of a CSV file is UTF-8.
        truncated: Whether a compressed file ended before its end.
        titles: What columns are called in the file whose names had to be changed, because they differ only in case.
        kinds: Types of the columns of a Parquet file by name, in DuckDB's words.
        is_json: Whether it holds JSON; its header is not known before its records are read.
    """

    path: Path
    name: str
    header: list[str]
    delimiter: str | None
    fingerprint: str
    size: int
    newlines: int = 0
    header_lines: int = 0
    is_text: bool = True
    truncated: bool = False
    kinds: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    is_json: bool = False


def unpack(
    path: Path,
    folder: Path,
    *,
    encoding: str | None = None,
    advance: Callable[[int], None] | None = None,
    header_line: int = 1,
) -> Unpacked:
    """Unpack, decode, count and fingerprint a file.

    Args:
        path: CSV, Parquet or JSON, possibly gzipped.
        folder: Where unpacked content may be put.
        encoding: The text's encoding when it is not UTF-8 (a byte-order mark is honoured without).
        advance: Called with the number of bytes read, for a progress bar.
        header_line: Line on which the header of a table begins; what stands above it is no part of the table.

    Raises:
        BadInput: There is no such file, it is a folder, or it may not be read.
        Unreadable: It is empty, or not what its name says.
        EngineFailed: The folder has no room for the unpacked content.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise BadInput(f"{path} {what}", fix="give the path of a CSV, CSV.gz, Parquet or JSON file", code="no-file")
    try:
        return _unpack(path, folder, encoding, advance, header_line)
    except PermissionError as error:
        raise BadInput(f"{path} may not be read", fix="give yourself the right to read it", code="no-file") from error
    except OSError as error:
        raise EngineFailed(
            f"{path.name} could not be unpacked into {folder}: {error.strerror}; nothing was taken in",
            fix="free some space there, or set TMPDIR to a folder that has it",
            code="disk-full",
        ) from error


def _unpack(
    path: Path, folder: Path, encoding: str | None, advance: Callable[[int], None] | None, header_line: int
) -> Unpacked:
    content, truncated, name = path, False, path.name
    if _start(path)[:2] == _GZIP:
        content = folder / f"{name}.unpacked"
        truncated = _gunzip(path, content)
    elif _start(path) == _ZIP:
        content = folder / f"{name}.unpacked"
        _unzip(path, content)
    start = _start(content)
    if not start:
        raise Unreadable(f"{name} is empty", fix="check that the export or the copy finished", code="empty-file")
    if start == _PARQUET:
        return _parquet(content, name, advance)
    content = _with_line_ends(_as_utf8(content, folder / f"{name}.utf8", start, encoding, name), folder / f"{name}.lf")
    digest, size, newlines, is_text = _digest(content, advance)
    if _begins_like_json(content):
        return Unpacked(content, name, [], ",", digest, size, newlines, 0, is_text, truncated, is_json=True)
    header, titles, delimiter, header_lines = _header(content, name, header_line)
    return Unpacked(
        content, name, header, delimiter, digest, size, newlines, header_lines, is_text, truncated, titles=titles
    )


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _begins_like_json(content: Path) -> bool:
    with content.open("rb") as file:
        return file.read(1024).lstrip()[:1] in (b"{", b"[")


def _parquet(content: Path, name: str, advance: Callable[[int], None] | None) -> Unpacked:
    try:
        columns = parquet_columns(content)
    except EngineFailed as error:
        raise Unreadable(
            f"{name} begins like Parquet but cannot be read as it",
            fix="check that the export or the copy finished, then import it again",
            code="bad-parquet",
        ) from error
    digest, size, _, _ = _digest(content, advance)
    return Unpacked(content, name, list(columns), None, digest, size, kinds=columns)


def _gunzip(path: Path, to: Path) -> bool:
    """Unpack as much as there is, in one or several members; say whether the end is missing or damaged."""
    engine = zlib.decompressobj(wbits=31)
    with path.open("rb") as packed, to.open("wb") as plain:
        while chunk := packed.read(1 << 16):
            while chunk:
                before = engine.copy()
                try:
                    plain.write(engine.decompress(chunk))
                except zlib.error:
                    plain.write(_until_damage(before, chunk))
                    return True
                if not engine.eof:
                    break
                chunk = engine.unused_data  # what follows the member that ended
                if not chunk.strip(b"\x00"):
                    break
                engine = zlib.decompressobj(wbits=31)
    return not engine.eof


def _unzip(path: Path, to: Path) -> None:
    """Unpack the one file that a ZIP archive holds."""
    try:
        with zipfile.ZipFile(path) as packed:
            held = [each for each in packed.infolist() if not each.is_dir()]
            if len(held) != 1:
                raise Unreadable(
                    f"{path.name} holds {len(held)} files",
                    fix="unpack it, and import the files that are bills",
                    code="several-in-zip",
                )
            with packed.open(held[0]) as member, to.open("wb") as plain:
                shutil.copyfileobj(member, plain, _CHUNK)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise Unreadable(
            f"{path.name} begins like a ZIP archive but cannot be unpacked: {error}",
            fix="check that the export or the copy finished, then import it again",
            code="bad-zip",
        ) from error


def _until_damage(engine: "zlib._Decompress", chunk: bytes) -> bytes:
    """Return what a chunk yields up to the byte that is wrong."""
    found = bytearray()
    with suppress(zlib.error):
        for place in range(len(chunk)):
            found += engine.decompress(chunk[place : place + 1])
    return bytes(found)


def _as_utf8(content: Path, to: Path, start: bytes, encoding: str | None, name: str) -> Path:
    """Return the content in UTF-8 without a byte-order mark, rewritten only when it must be.

    What cannot be decoded is left as bytes that are not UTF-8 either, so that only its own line is refused.
    """
    if start[:3] == BOM_UTF8:
        with content.open("rb") as marked, to.open("wb") as plain:
            marked.seek(3)
            shutil.copyfileobj(marked, plain, _CHUNK)
        return to
    found = "utf-16" if start[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) else encoding
    if found is None or found.lower().replace("_", "-") in _UTF8:
        return content
    codecs.register_error("outlay-left", lambda error: ("\udcff", _end_of(error)))
    try:
        with (
            content.open("r", encoding=found, errors="outlay-left", newline="") as text,
            to.open("w", encoding="utf-8", errors="surrogateescape", newline="") as plain,
        ):
            shutil.copyfileobj(text, plain, _CHUNK)
    except LookupError as error:
        raise BadInput(
            f"{found!r} is not an encoding",
            fix="name one Python knows, such as latin-1 or utf-16",
            code="unknown-encoding",
        ) from error
    except UnicodeError as error:
        raise Unreadable(
            f"{name} is not {found} text: {error}", fix="name the encoding with --encoding", code="unknown-encoding"
        ) from error
    return to


def _end_of(error: UnicodeError) -> int:
    if isinstance(error, UnicodeDecodeError):
        return error.end
    raise error


def _with_line_ends(content: Path, to: Path) -> Path:
    """Return the content with line feeds, rewritten only when its lines end in carriage returns alone."""
    with content.open("rb") as file:
        head = file.read(_HEADER_LIMIT)
        if b"\n" in head or b"\r" not in head:
            return content
        file.seek(0)
        with to.open("wb") as plain:
            while chunk := file.read(_CHUNK):
                plain.write(chunk.replace(b"\r", b"\n"))
    return to


def _digest(content: Path, advance: Callable[[int], None] | None) -> tuple[str, int, int, bool]:
    """Return the fingerprint, the size, the lines of text, and whether it is all UTF-8.

    The engine looks only at the columns that a query wants, so it may find a wrong byte after half of the work.
    """
    digest, size, newlines, last, is_text = hashlib.sha256(), 0, 0, b"\n", True
    decoder = codecs.getincrementaldecoder("utf-8")()
    with content.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            newlines += chunk.count(b"\n")
            last = chunk[-1:]
            if is_text and not (chunk.isascii() and decoder.getstate()[0] == b""):
                is_text = _decodes(decoder, chunk)
            if advance:
                advance(len(chunk))
    is_text = is_text and _decodes(decoder, b"", final=True)
    return digest.hexdigest(), size, newlines + (last != b"\n"), is_text


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _header(content: Path, name: str, begins: int) -> tuple[list[str], dict[str, str], str, int]:
    """Return the column names, those that had to be changed as they were, the delimiter, and where the header ends."""
    with content.open("rb") as file:
        for _ in range(begins - 1):
            file.readline()
        first = file.readline(_HEADER_LIMIT)
        lines = begins
        while first.count(b'"') % 2 and lines < begins + _HEADER_LINES and (more := file.readline(_HEADER_LIMIT)):
            first += more
            lines += 1
    if b"\x00" in first:
        raise Unreadable(
            f"{name} is not text",
            fix="give a CSV or Parquet file, or name its encoding with --encoding",
            code="not-text",
        )
    if first.count(b'"') % 2:
        raise Unreadable(
            f"{name}: a quote in the header never closes",
            fix="check that this is a CSV file, and that the export or the copy finished",
            code="bad-header",
        )
    text = first.decode("utf-8", errors="replace").rstrip("\r\n")
    delimiter = max(_DELIMITERS, key=text.count)
    names = next(csv.reader([text.replace("\r", " ").replace("\n", " ")], delimiter=delimiter), [""])
    header = each_once(names)
    titles = {
        own: name.strip() for own, name in zip(header, names, strict=True) if own.casefold() != name.strip().casefold()
    }
    return header, titles, delimiter, lines


def each_once(names: Sequence[str]) -> list[str]:
    """Return names that an engine can tell apart: none empty, quoted, or the same but for case.

    >>> each_once(["Tags", "tags", "", 'a"b'])
    ['Tags', 'tags_2', 'column_3', "a'b"]
    """
    taken = {LINE}
    found: list[str] = []
    for place, name in enumerate(names, start=1):
        own = name.strip().replace('"', "'").replace("\\", "/") or f"column_{place}"
        while own.casefold() in taken:
            own = f"{own}_{place}"
        taken.add(own.casefold())
        found.append(own)
    return found
