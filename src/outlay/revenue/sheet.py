"""Read a CSV file of a business table: every line a row or a problem."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.errors import Unreadable
from outlay.revenue.contract import Importer, Line
from outlay.terms.problem import Problem

_FILL = "fill the column, or leave the line out"
#: A record as the CSV reader gives it: None holds what stands beyond the header, or what a short line lacks.
Record = Mapping[str | None, str | None]


def lines(paths: Sequence[Path], importer: Importer) -> Iterator[Line]:
    """Yield what each line of some files became, by the importer's columns."""
    for place, path in enumerate(paths, start=1):
        for number, record in records(path, importer.mandatory, importer.columns):
            found = _row(record, path.name, number, importer)
            if isinstance(found, Problem):
                yield Line(place, number, problem=found)
            else:
                yield Line(place, number, [found])


def records(
    path: Path, mandatory: Sequence[str], known: Sequence[str] | Mapping[str, object]
) -> Iterator[tuple[int, Record]]:
    """Yield the records of a CSV file with their lines, the header being line 1.

    Args:
        path: The file.
        mandatory: Columns it must have.
        known: Columns to name where it lacks one.

    Raises:
        Unreadable: It is not UTF-8 text or not CSV, or lacks a mandatory column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header = list(reader.fieldnames or ())
            if missing := [name for name in mandatory if name not in header]:
                raise Unreadable(
                    f"{path.name} has no column {missing[0]!r}; it has {', '.join(header) or 'none'}",
                    fix=f"give it these columns: {', '.join(known)}",
                    code="missing-column",
                )
            for row in reader:
                yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is not UTF-8 text", fix="save it as UTF-8", code="bad-encoding") from error
    except csv.Error as error:
        raise Unreadable(
            f"{path.name} cannot be read as CSV: {error}", fix="mend the line that holds it", code="bad-csv"
        ) from error


def is_ragged(record: Record) -> bool:
    """Say whether a record has more or fewer fields than the header."""
    return None in record or None in record.values()


def _row(record: Record, name: str, line: int, importer: Importer) -> dict[str, object] | Problem:
    def problem(code: str, column: str | None, value: str | None, fix: str) -> Problem:
        return Problem(code, name, line, column, value, *_at_stake(record, importer), fix)

    if is_ragged(record):
        return problem("wrong-column-count", None, None, "give every line as many fields as the header")
    found: dict[str, object] = {}
    for column, read in importer.columns.items():
        cell = (record.get(column) or "").strip()
        if not cell:
            if column in importer.mandatory:
                return problem("missing-value", column, None, _FILL)
            found[column] = importer.defaults.get(column)
            continue
        try:
            found[column] = read(cell)
        except ValueError as error:
            return problem("bad-value", column, cell[:80], str(error))
    return found


def _at_stake(record: Record, importer: Importer) -> tuple[Decimal | None, str | None]:
    """Return the money on a line that cannot be taken in, where amount and currency can still be read."""
    if "amount" not in importer.columns or is_ragged(record):
        return None, None
    read: dict[str, object] = {}
    for column in ("amount", "currency"):
        cell = (record.get(column) or "").strip()
        try:
            read[column] = importer.columns[column](cell) if cell else importer.defaults.get(column)
        except ValueError:
            return None, None
    amount = cast("Decimal | None", read["amount"])
    return (amount, cast(str, read["currency"])) if amount is not None else (None, None)
