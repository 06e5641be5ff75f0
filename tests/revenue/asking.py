"""What tests of business imports share: an import from text, and a question of their own."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import cast

from outlay.revenue.importer import importers
from outlay.revenue.take_in import take_in
from outlay.store import Row, Store
from outlay.store.clickhouse import ClickHouse
from outlay.store.duckdb import DuckDB
from outlay.terms.period import Period
from outlay.terms.take_in import TakeIn


def brought(
    store: Store,
    path: Path,
    source: str,
    text: str,
    now: datetime,
    options: Mapping[str, str] | None = None,
    period: str | None = None,
) -> TakeIn:
    """Write a file and import it."""
    path.write_text(text, encoding="utf-8")
    asked = Period.parse(period) if period else None
    return take_in(store, importers()[source], [path], now=now, options=options, period=asked)


def ask(store: Store, question: str) -> list[Row]:
    """Run a question of a test's own."""
    if isinstance(store, DuckDB):
        cursor = store.cursor().execute(question)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    found = cast(ClickHouse, store)._client().query(question)  # noqa: SLF001 - a test's own question
    return [dict(zip(found.column_names, row, strict=True)) for row in found.result_rows]


def balanced(result: TakeIn) -> bool:
    """Say whether every line is accounted for (law 1) and every amount (law 2)."""
    lines = result.landed + sum(result.skipped.values()) + result.problem_lines
    stake: dict[str, object] = {}
    for problem in result.problems:
        if problem.amount and problem.currency:
            stake[problem.currency] = cast("int", stake.get(problem.currency, 0)) + problem.amount
    return result.lines == lines and result.differences == stake
