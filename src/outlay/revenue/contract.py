"""The contract of a business importer: one line of a CSV file becomes one row of a table."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from outlay.terms.currency import CURRENCIES

_AMOUNT = re.compile(r"[+-]?\d{1,15}(\.\d{0,12})?", re.ASCII)
#: Reads the text of a cell; raises ValueError with what to write instead.
Reading = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Importer:
    """What a business table is.

    Args:
        name: Its name on the command line, the name of its file.
        table: The table it fills.
        columns: How each column's cells are read.
        mandatory: Columns that every line must fill.
        defaults: What a column holds when the file does not say.
        held: Query of the rows in force, columns as here, where a line that is among them is skipped; None where a
            later line restates.
    """

    name: str
    table: str
    columns: Mapping[str, Reading]
    mandatory: Sequence[str]
    defaults: Mapping[str, object]
    held: str | None = None


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
