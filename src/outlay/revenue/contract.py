"""The contract of a business importer: what a line of a source becomes, and how sources that are no files come."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from outlay.store import Store
from outlay.terms.currency import CURRENCIES
from outlay.terms.period import Period
from outlay.terms.problem import Problem

_AMOUNT = re.compile(r"[+-]?\d{1,15}(\.\d{0,12})?", re.ASCII)
#: Reads the text of a cell; raises ValueError with what to write instead.
Reading = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an import is asked for.

    Args:
        place: What stands after the source's name where that is no file: `https://...`; may be empty.
        period: The only time wanted; None leaves it to the importer.
        now: The instant of the import, UTC.
        options: Given as `--option name=value`.
        folder: Where files may be put; gone after the import.
        files: Names of the files, once they are there.
    """

    place: str
    period: Period | None
    now: datetime
    options: Mapping[str, str]
    folder: Path
    files: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an importer brought.

    Args:
        files: Files that it can read.
        problems: What is wrong with the whole, and not with one line (`line` is None).
        notes: What people should know and need not mend.
    """

    files: Sequence[Path]
    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """What one line (or record) of a source became: rows, a problem, or a named skip.

    Args:
        file: Place of its file within the import, from 1.
        line: Line of that file; 0 for rows that no line says, but the absence of one.
        rows: Rows of the importer's table, without `take_in`, `file` and `line`.
        problem: Why it cannot be taken in; of the whole where its own line is None.
        skipped: Why it is left out on purpose.
        left_out: Money on it that is left out on purpose, by named reason and currency.
        control: What the source itself says this line and those after it add up to, by currency, where it says so.
        notes: What people should know of the whole.
    """

    file: int
    line: int
    rows: Sequence[Mapping[str, object]] = ()
    problem: Problem | None = None
    skipped: str = ""
    left_out: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    control: Mapping[str, Decimal] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Importer:
    """What a business table is, and one way to fill it.

    Args:
        name: Its name on the command line, the name of its file.
        table: The table it fills.
        columns: How each column's cells are read.
        mandatory: Columns that every line must fill.
        defaults: What a column holds when the file does not say.
        held: Query of the rows in force, columns as here, where a line that is among them is skipped; None where a
            later line restates.
        read: Turns files into lines; None reads CSV by `columns`.
        fetch: Brings the files, for sources that are not only files.
        settle: Looks at all lines of an import and at the store, and returns the lines as they shall stand.
        options: Names of the options it knows; others are refused.
        replaced: Query of what a later import replaced of an import: files that came before are passed over while
            it finds nothing. None passes them over only where no other import of the source came since.
    """

    name: str
    table: str
    columns: Mapping[str, Reading] = field(default_factory=dict)
    mandatory: Sequence[str] = ()
    defaults: Mapping[str, object] = field(default_factory=dict)
    held: str | None = None
    read: Callable[[Sequence[Path], Asked], Iterable[Line]] | None = None
    fetch: Callable[[Asked], Fetched] | None = None
    settle: Callable[[Store, Sequence[Line], Asked], Sequence[Line]] | None = None
    options: Sequence[str] = ()
    replaced: str | None = None


def text(cell: str) -> str:
    """Read text as it stands."""
    return cell


def month(cell: str) -> date:
    """Read a month, `YYYY-MM` or any day of it."""
    try:
        return date.fromisoformat(cell if len(cell) > len("2026-10") else f"{cell}-01").replace(day=1)
    except ValueError as error:
        raise ValueError("write a month as YYYY-MM, such as 2026-10") from error


def money(cell: str) -> Decimal:
    """Read an amount of at most 12 decimal places; refunds are negative."""
    if not _AMOUNT.fullmatch(cell):
        raise ValueError("write a plain decimal number of at most 12 places, such as 1234.56")
    return Decimal(cell)


def currency(cell: str) -> str:
    """Read an ISO 4217 code."""
    if cell not in CURRENCIES:
        raise ValueError("write an ISO 4217 code in capitals, such as USD")
    return cell


def instant(cell: str) -> datetime:
    """Read an ISO 8601 time; no zone means UTC."""
    try:
        found = datetime.fromisoformat(cell)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("write an ISO 8601 time, such as 2026-10-08T14:00:00Z") from error
