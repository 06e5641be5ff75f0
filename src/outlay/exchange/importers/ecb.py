"""The euro reference rates of the European Central Bank, as its files have them.

`eurofxref-hist.csv`, `eurofxref.csv` (one day), each also as `.zip`, and `eurofxref-daily.xml`,
`eurofxref-hist-90d.xml`, `eurofxref-hist.xml`. Each cell says what one euro was worth that day. Cells that say `N/A`,
and currencies that are no longer in use (CYP, EEK, ...), are skips.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from xml.parsers.expat import ExpatError, ParserCreate

from outlay.errors import Unreadable
from outlay.exchange.contract import Importer, Rate, Stated, amount, iso_day
from outlay.terms.currency import CURRENCIES
from outlay.terms.problem import Problem

SOURCE = "European Central Bank"
_FIX = "download it again from the bank's page on euro foreign exchange reference rates"
#: The whole history is less than 2 MB; a file of more than this is something else.
_LARGEST = 64 * 1024 * 1024


def read(path: Path) -> Iterator[Stated]:
    """Return what the file states, cell by cell.

    Raises:
        Unreadable: It is not one of the bank's files.
    """
    text = _text(path)
    yield from _xml(text, path.name) if text.lstrip().startswith("<") else _csv(text, path.name)


def _text(path: Path) -> str:
    """Return the text of a file, taken out of its archive."""
    if path.stat().st_size > _LARGEST:
        raise _unreadable(path.name, "is too large")
    content = path.read_bytes()
    try:
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                inside = [one for one in archive.infolist() if one.filename.endswith((".csv", ".xml"))]
                if len(inside) != 1 or inside[0].file_size > _LARGEST:
                    raise _unreadable(path.name, "does not hold one CSV or XML file")
                content = archive.read(inside[0])
        return content.decode("utf-8-sig")
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError) as error:
        raise _unreadable(path.name, "is a damaged archive") from error
    except UnicodeDecodeError as error:
        raise _unreadable(path.name, "is not text") from error


def _csv(text: str, name: str) -> Iterator[Stated]:
    rows = csv.reader(io.StringIO(text))
    header = [cell.strip() for cell in next(rows, [])]
    if not header or header[0] != "Date":
        raise _unreadable(name, "has no header that begins with Date")
    codes = {place: code for place, code in enumerate(header) if place and code}
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        line, said = rows.line_num, row[0].strip()
        try:
            day = _day(said)
        except ValueError as error:
            # The day is wrong, so every rate of the line is.
            for code in codes.values():
                yield line, Problem("bad-date", name, line, code, said[:80], None, None, str(error))
            continue
        for place, code in codes.items():
            cell = row[place].strip() if place < len(row) else ""
            yield line, _stated(day, code, cell, name, line)


def _xml(text: str, name: str) -> Iterator[Stated]:
    """Read the bank's XML: a Cube with `time` holds a Cube with `currency` and `rate` for each."""
    found: list[Stated] = []
    days: list[str] = []
    parser = ParserCreate()

    def begin(element: str, held: dict[str, str]) -> None:
        if element.rpartition(":")[2] != "Cube":
            return
        line = parser.CurrentLineNumber
        if "time" in held:
            days.append(held["time"])
        elif "currency" in held:
            try:
                day = _day(days[-1] if days else "")
            except ValueError as error:
                said = days[-1][:80] if days else None
                found.append(
                    (line, Problem("bad-date", name, line, held["currency"][:80], said, None, None, str(error)))
                )
                return
            found.append((line, _stated(day, held["currency"], held.get("rate", "").strip(), name, line)))

    def refuse(*_: object) -> None:
        raise _unreadable(name, "declares entities, which the bank's files do not")

    parser.StartElementHandler = begin
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text.encode(), True)  # noqa: FBT003 - expat takes no names
    except ExpatError as error:
        raise _unreadable(name, f"cannot be read as XML: {error}") from error
    if not found:
        raise _unreadable(name, "holds no rates")
    yield from found


def _stated(day: date, code: str, cell: str, name: str, line: int) -> Rate | str | Problem:
    if cell in ("", "N/A"):
        return "no-rate-stated"
    if code not in CURRENCIES:
        if len(code) == len("EUR") and code.isascii() and code.isupper():
            return "currency-no-longer-in-use"
        fix = "name the column by an ISO 4217 code"
        return Problem("wrong-currency", name, line, code[:80], code[:80], None, None, fix)
    try:
        return Rate(day, "EUR", code, amount(cell), SOURCE)
    except ValueError as error:
        return Problem("bad-rate", name, line, code, cell[:80], None, None, str(error))


def _day(text: str) -> date:
    """Read a day: the history says 2026-11-20, the file of one day says 20 November 2026.

    >>> _day("2026-11-20") == _day("20 November 2026")
    True
    """
    try:
        return datetime.strptime(text, "%d %B %Y").replace(tzinfo=UTC).date()
    except ValueError:
        return iso_day(text)


def _unreadable(name: str, what: str) -> Unreadable:
    return Unreadable(f"{name} {what}", fix=_FIX, code="not-ecb")


IMPORTER = Importer(name="ecb", title="euro reference rates", read=read)
