"""Small bills, made for tests: what every line says unless a test says otherwise."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.bills.importer import Importer
from outlay.bills.importers import importers
from outlay.store import Row, Store
from outlay.store.clickhouse import ClickHouse
from outlay.store.duckdb import DuckDB

LINE: dict[str, str] = {
    "ProviderName": "AWS",
    "BillingAccountId": "111",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-05T00:00:00Z",
    "ChargePeriodEnd": "2026-10-06T00:00:00Z",
    "ChargeCategory": "Usage",
    "BilledCost": "1.5",
    "ServiceName": "Amazon S3",
    "Tags": '{"team": "search"}',
}


def focus() -> Importer:
    """Return the importer under test."""
    return importers()["focus"]


def text_of(
    lines: Iterable[Mapping[str, str]], *, header: Iterable[str] | None = None, delimiter: str = ",", end: str = "\n"
) -> str:
    """Return a CSV file of lines, each given as what differs from `LINE`."""
    made = [{**LINE, **line} for line in lines]
    columns = list(header) if header is not None else list(dict.fromkeys([*LINE, *(k for line in made for k in line)]))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator=end, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(made)
    return out.getvalue()


def written(path: Path, *lines: Mapping[str, str]) -> Path:
    """Write a CSV file of lines and return where it is."""
    path.write_text(text_of(lines), encoding="utf-8", newline="")
    return path


def ask(store: Store, question: str) -> list[Row]:
    """Run a question of a test's own, in text that both engines read the same way."""
    if isinstance(store, DuckDB):
        cursor = store.cursor().execute(question)
        names, rows = [column[0] for column in cursor.description or ()], cursor.fetchall()
    else:
        assert isinstance(store, ClickHouse)
        found = store._client().query(question)  # noqa: SLF001 - the protocol runs only queries of the package
        names, rows = list(found.column_names), [tuple(row) for row in found.result_rows]
    aware = [[v.replace(tzinfo=UTC) if isinstance(v, datetime) else v for v in row] for row in rows]
    return [dict(zip(names, row, strict=True)) for row in aware]


def charges(store: Store) -> list[Row]:
    """Return the charges in force, in the order of files and lines."""
    return ask(store, "SELECT * FROM current_charge ORDER BY take_in, file, line")


def billed(store: Store) -> Decimal:
    """Return the sum of the billed cost in force."""
    return sum((cast(Decimal, row["billed_cost"]) for row in charges(store)), Decimal(0))


def left_behind(store: Store) -> dict[str, int]:
    """Return the rows of every table that an import fills, where there are any."""
    tables = ("take_in", "source_file", "problem", "partition", "supersession", "charge")
    return {table: count for table in tables if (count := store.count(table))}
