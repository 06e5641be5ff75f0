"""Exchange rates of your own: a CSV file with `day`, `from`, `to`, `rate` and optionally `source`.

One line says what one of `from` was worth in `to` on that day: `2026-10-01,USD,EUR,0.9212,treasury`.
"""

from collections.abc import Iterator
from pathlib import Path

from outlay.exchange.contract import Importer, Rate, Stated, amount, currency, iso_day
from outlay.importing.records import Record, is_ragged, records
from outlay.terms.problem import Problem

_COLUMNS = {"day": iso_day, "from": currency, "to": currency, "rate": amount}
_CODES = {"day": "bad-date", "from": "wrong-currency", "to": "wrong-currency", "rate": "bad-rate"}


def read(path: Path) -> Iterator[Stated]:
    """Return what the file states.

    Raises:
        Unreadable: It is not UTF-8 text or CSV, or lacks a column.
    """
    for line, record in records(path, tuple(_COLUMNS), (*_COLUMNS, "source")):
        yield line, _rate(record, path.name, line)


def _rate(row: Record, name: str, line: int) -> Rate | Problem:
    def problem(code: str, column: str | None, value: str | None, fix: str) -> Problem:
        return Problem(code, name, line, column, value, None, None, fix)

    if is_ragged(row):
        return problem("wrong-column-count", None, None, "give every line as many fields as the header")
    found: dict[str, object] = {}
    for column, read_cell in _COLUMNS.items():
        cell = (row[column] or "").strip()
        if not cell:
            return problem("missing-value", column, None, "fill the column, or leave the line out")
        try:
            found[column] = read_cell(cell)
        except ValueError as error:
            return problem(_CODES[column], column, cell[:80], str(error))
    if found["from"] == found["to"]:
        return problem("same-currency", "to", str(found["to"]), "name two different currencies")
    source = (row.get("source") or "").strip() or name
    return Rate(found["day"], found["from"], found["to"], found["rate"], source)  # type: ignore[arg-type] # read above


IMPORTER = Importer(name="rates_csv", title="exchange rates", read=read)
