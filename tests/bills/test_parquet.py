from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from tests.bills.making import ask, charges, focus

#: One line as a vendor's typed export has it; `i` counts lines from 0.
TYPED = {
    "ProviderName": "'AWS'",
    "BillingAccountId": "'111'",
    "BillingCurrency": "'USD'",
    "BillingPeriodStart": "TIMESTAMP '2026-10-01'",
    "BillingPeriodEnd": "DATE '2026-11-01'",
    "ChargePeriodStart": "TIMESTAMPTZ '2026-10-05 02:00:00+02:00' + to_hours(CAST(i % 24 AS INTEGER))",
    "ChargePeriodEnd": "TIMESTAMP '2026-10-07 00:00:00.25'",
    "ChargeCategory": "'Usage'",
    "BilledCost": "CAST(i + 1 AS DECIMAL(20, 10)) * 0.1",
    "ListCost": "CAST(i + 1 AS DOUBLE) / 10",
    "ConsumedQuantity": "i",
    "RegionId": "''",
    "Tags": "MAP {'team': 'search', ' n ': CAST(i AS VARCHAR), 'empty': NULL}",
    "x_Discounts": "{'plan': 'a', 'rate': 2}",
    "x_Labels": "['a', 'b']",
}


def parquet(path: Path, lines: int, **other: str) -> Path:
    """Write a Parquet file of typed lines with DuckDB alone."""
    listed = ", ".join(f'{how} AS "{name}"' for name, how in {**TYPED, **other}.items())
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(f"COPY (SELECT {listed} FROM range({lines}) AS t(i)) TO '{path}' (FORMAT parquet)")
    return path


def test_typed_columns_are_read_exactly(store: Store, tmp_path: Path, now: datetime) -> None:
    """Decimals, doubles, instants with and without zone, days, maps and structures arrive as what they say."""
    result = take_in(store, focus(), Request([parquet(tmp_path / "b.parquet", 3)]), now=now)
    assert (result.lines, result.landed, result.problems, result.matches) == (3, 3, (), True)
    row = charges(store)[2]
    assert (row["line"], row["billed_cost"], row["list_cost"]) == (4, Decimal("0.3"), Decimal("0.3"))
    assert row["charge_period_start"] == datetime(2026, 10, 5, 2, tzinfo=UTC)
    assert row["charge_period_end"] == datetime(2026, 10, 7, 0, 0, 0, 250_000, tzinfo=UTC)
    assert row["billing_period_end"] == datetime(2026, 11, 1, tzinfo=UTC)
    assert (row["consumed_quantity"], row["region_id"]) == (Decimal(2), None)
    assert row["tags"] == {"team": "search", "n": "2", "empty": ""}
    assert row["extra"] == {"x_Discounts": '{"plan":"a","rate":2}', "x_Labels": '["a","b"]'}


def test_a_row_that_is_broken_is_a_problem_with_its_number(store: Store, tmp_path: Path, now: datetime) -> None:
    """Rows are numbered as if a header stood before them, and a broken one does not stop the rest."""
    path = parquet(
        tmp_path / "b.parquet", 5, BilledCost="CASE WHEN i = 2 THEN NULL ELSE CAST('nan' AS DOUBLE) * 0 + i END"
    )
    result = take_in(store, focus(), Request([path]), now=now)
    assert (result.lines, result.landed, result.problem_lines) == (5, 0, 5)
    path = parquet(tmp_path / "c.parquet", 5, BilledCost="CASE WHEN i = 2 THEN CAST('nan' AS DOUBLE) ELSE i / 4 END")
    result = take_in(store, focus(), Request([path]), now=now)
    assert [(p.code, p.line, p.column, p.value) for p in result.problems] == [("bad-amount", 4, "billed_cost", "nan")]
    assert result.totals == {"USD": Decimal(2)}


def test_rows_of_many_groups_keep_their_numbers(own: Store, tmp_path: Path, now: datetime) -> None:
    """A file of several row groups is read side by side, and every row keeps its own number."""
    path = parquet(tmp_path / "b.parquet", 300_000)
    result = take_in(own, focus(), Request([path]), now=now)
    assert (result.landed, result.matches) == (300_000, True)
    wrong = ask(own, "SELECT line FROM charge WHERE billed_cost <> (line - 1) * CAST('0.1' AS DECIMAL(38,12))")
    assert wrong == []


@pytest.mark.parametrize("column", ["BilledCost", "ChargePeriodEnd"])
def test_a_missing_column_is_named(own: Store, tmp_path: Path, now: datetime, column: str) -> None:
    """A Parquet file without a mandatory column gives a problem for each of its rows."""
    path = parquet(tmp_path / "b.parquet", 2, **{column: "1"})
    with duckdb.connect() as engine:
        engine.execute(f"COPY (SELECT * EXCLUDE \"{column}\" FROM '{path}') TO '{tmp_path / 'c.parquet'}'")
    result = take_in(own, focus(), Request([tmp_path / "c.parquet"]), now=now)
    assert [(p.code, p.line) for p in result.problems] == [("missing-column", 2), ("missing-column", 3)]
