"""Read a CSV file of a business table: every line a row or a problem."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.importing.records import Record, is_ragged, records
from outlay.revenue.contract import Importer, Line
from outlay.terms.problem import Problem

_FILL = "fill the column, or leave the line out"


def lines(paths: Sequence[Path], importer: Importer) -> Iterator[Line]:
    """Yield what each line of some files became, by the importer's columns."""
    for place, path in enumerate(paths, start=1):
        for number, record in records(path, importer.mandatory, importer.columns):
            found = _row(record, path.name, number, importer)
            if isinstance(found, Problem):
                yield Line(place, number, problem=found)
            else:
                yield Line(place, number, [found])


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
