"""Small files of other vendors, made for tests, and how they are imported."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from outlay.bills.importers import importers
from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from outlay.terms.take_in import TakeIn
from tests.bills.making import charges

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def day(number: int, month: int = 10) -> datetime:
    """Return the start of a day of 2026."""
    return datetime(2026, month, number, tzinfo=UTC)


def table(lines: Iterable[Mapping[str, str]], *, delimiter: str = ",") -> str:
    """Return a CSV file of lines; the header is every column that one of them has."""
    held = list(lines)
    out = io.StringIO()
    writer = csv.DictWriter(
        out, list(dict.fromkeys(key for line in held for key in line)), delimiter=delimiter, lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(held)
    return out.getvalue()


def as_json_lines(records: Iterable[object]) -> str:
    """Return newline-delimited JSON."""
    return "".join(json.dumps(record) + "\n" for record in records)


def as_parquet(path: Path, ndjson: Path, kinds: Mapping[str, str]) -> Path:
    """Write newline-delimited JSON as Parquet of these types, with the engine alone."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(
            f"COPY (SELECT * FROM read_json('{ndjson}', format = 'newline_delimited', columns = {{{columns}}}))"
            f" TO '{path}' (FORMAT parquet)"
        )
    return path


def brought(
    store: Store, source: str, paths: Path | Sequence[Path], options: Mapping[str, str] | None = None
) -> TakeIn:
    """Import files of a source."""
    listed = [paths] if isinstance(paths, Path) else list(paths)
    return take_in(store, importers()[source], Request(listed, options=options or {}), now=NOW)


def landed(store: Store) -> list[dict[str, Any]]:
    """Return the charges in force, in the order of files and lines."""
    return charges(store)


def money(*amounts: str) -> Decimal:
    """Return the plain sum of amounts."""
    return sum((Decimal(amount) for amount in amounts), Decimal(0))


def all_accounted_for(result: TakeIn) -> bool:
    """Laws 1 and 2: every line is something, and the money adds up."""
    counted = result.landed + sum(result.skipped.values()) + result.problem_lines
    return result.lines == counted and result.matches
