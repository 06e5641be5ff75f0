"""Import a million FOCUS lines, and let DuckDB read the same file into the same table by itself.

The file is made in the manner of an AWS FOCUS export: 46 columns, JSON tags on 70 % of the lines. Both ways end in a
fresh DuckDB file; only ours numbers the lines, checks them and meets a control total. They run in turn, so that
whatever else the machine does falls on both. Prints seconds and the ratio.

    python bench/focus_import.py [lines] [rounds]

With `memory` in place of rounds it imports once, by itself, and prints the most memory that took:

    python bench/focus_import.py 10000000 memory
"""

import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from outlay.bills.importers import importers
from outlay.bills.take_in import Request, take_in
from outlay.store import open_store
from outlay.store.ddl import duckdb_type
from outlay.store.tables import BY_NAME

_NOW = datetime(2026, 11, 2, tzinfo=UTC)
_EXTRA = ("x_Discounts", "x_Operation", "x_UsageType")
#: How each column of the file is made; `i` is the number of the line.
_MADE = {
    "AvailabilityZone": "CASE WHEN i % 3 = 0 THEN 'use1-az' || (i % 6) END",
    "BilledCost": "((i * 7919) % 1000003)::DECIMAL(10,0) * 0.0000010001",
    "BillingAccountId": "'123456789012'",
    "BillingAccountName": "'Example Company'",
    "BillingCurrency": "'USD'",
    "BillingPeriodEnd": "'2026-11-01T00:00:00Z'",
    "BillingPeriodStart": "'2026-10-01T00:00:00Z'",
    "ChargeCategory": "CASE WHEN i % 50 = 0 THEN 'Tax' ELSE 'Usage' END",
    "ChargeClass": "CAST(NULL AS VARCHAR)",
    "ChargeDescription": "'$0.0' || (i % 97) || ' per GB - data transfer out / month, tier ' || (i % 5)",
    "ChargeFrequency": "'Usage-Based'",
    "ChargePeriodEnd": "strftime(TIMESTAMP '2026-10-01 01:00:00' + to_hours((i % 744)::INT), '%Y-%m-%dT%H:%M:%SZ')",
    "ChargePeriodStart": "strftime(TIMESTAMP '2026-10-01' + to_hours((i % 744)::INT), '%Y-%m-%dT%H:%M:%SZ')",
    "CommitmentDiscountCategory": "CASE WHEN i % 9 = 0 THEN 'Spend' END",
    "CommitmentDiscountId": "CASE WHEN i % 9 = 0 THEN 'arn:aws:savingsplans::1234:savingsplan/' || (i % 40) END",
    "CommitmentDiscountName": "CAST(NULL AS VARCHAR)",
    "CommitmentDiscountStatus": "CASE WHEN i % 9 = 0 THEN 'Used' END",
    "CommitmentDiscountType": "CASE WHEN i % 9 = 0 THEN 'Compute Savings Plan' END",
    "ConsumedQuantity": "((i * 31) % 10007)::DECIMAL(10,0) * 0.0103",
    "ConsumedUnit": "'GB'",
    "ContractedCost": "((i * 7919) % 1000003)::DECIMAL(10,0) * 0.0000010001",
    "ContractedUnitPrice": "(i % 97)::DECIMAL(10,0) * 0.001",
    "EffectiveCost": "((i * 7919) % 1000003)::DECIMAL(10,0) * 0.0000010001",
    "InvoiceIssuerName": "'Amazon Web Services, Inc.'",
    "ListCost": "((i * 7919) % 1000003)::DECIMAL(10,0) * 0.0000010001",
    "ListUnitPrice": "(i % 97)::DECIMAL(10,0) * 0.001",
    "PricingCategory": "'Standard'",
    "PricingQuantity": "((i * 31) % 10007)::DECIMAL(10,0) * 0.0103",
    "PricingUnit": "'GB'",
    "ProviderName": "'AWS'",
    "PublisherName": "'AWS'",
    "RegionId": "'us-east-' || (i % 2 + 1)",
    "RegionName": "'US East ' || (i % 2 + 1)",
    "ResourceId": "'arn:aws:ec2:us-east-1:123456789012:instance/i-' || md5((i % 20000)::VARCHAR)",
    "ResourceName": "CASE WHEN i % 2 = 0 THEN 'web-' || (i % 500) END",
    "ResourceType": "'instance'",
    "ServiceCategory": "'Compute'",
    "ServiceName": "'Amazon Service ' || (i % 60)",
    "SkuId": "'SKU' || (i % 3000)",
    "SkuPriceId": "'SKU' || (i % 3000) || '.JRTCKXETXF.6YS6EN2CT7'",
    "SubAccountId": "(100000000000 + i % 40)::VARCHAR",
    "SubAccountName": "'team-' || (i % 40)",
    "Tags": """CASE WHEN i % 10 < 7 THEN '{"user:team": "team-' || (i % 40) || '", "user:env": "production",'
        || ' "user:feature": "feature.' || (i % 120) || '"}' END""",
    "x_Discounts": "'{}'",
    "x_Operation": "'RunInstances:' || (i % 20)",
    "x_UsageType": "'USE1-BoxUsage:' || (i % 200)",
}


def main(lines: int = 1_000_000, rounds: int | str = 3) -> None:
    """Measure what is asked."""
    if rounds == "memory":
        memory(lines)
    else:
        compare(lines, int(rounds))


def compare(lines: int, rounds: int) -> None:
    """Make the file, run both ways in turn, print the medians."""
    with tempfile.TemporaryDirectory(prefix="outlay-bench-") as name:
        folder = Path(name)
        file = folder / "focus.csv"
        make(file, lines)
        print(f"{lines:,} lines, {file.stat().st_size / 1e6:,.0f} MB")
        ours, native = [], []
        for turn in range(rounds):
            ours.append(_timed(lambda path: _ours(path, file, lines), folder / f"ours{turn}.duckdb"))
            native.append(_timed(lambda path: _native(path, file, lines), folder / f"native{turn}.duckdb"))
            print(f"  take_in {ours[-1]:.2f} s, DuckDB by itself {native[-1]:.2f} s")
        mine, its = statistics.median(ours), statistics.median(native)
        print(f"median: take_in {mine:.2f} s ({lines / mine:,.0f} lines/s), DuckDB {its:.2f} s, ratio {its / mine:.2f}")


def memory(lines: int) -> None:
    """Import a file once and print the most memory that took; another process makes it, so that it does not count."""
    with tempfile.TemporaryDirectory(prefix="outlay-bench-") as name:
        file = Path(name) / "focus.csv"
        maker = multiprocessing.get_context("spawn").Process(target=make, args=(file, lines))
        maker.start()
        maker.join()
        print(f"{lines:,} lines, {file.stat().st_size / 1e6:,.0f} MB")
        taken = _timed(lambda path: _ours(path, file, lines), Path(name) / "ours.duckdb")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"take_in {taken:.0f} s ({lines / taken:,.0f} lines/s), at most {peak:,.0f} MB")


def make(file: Path, lines: int) -> None:
    """Write a FOCUS file of so many lines."""
    made = ", ".join(f'{how} AS "{name}"' for name, how in _MADE.items())
    with duckdb.connect() as engine:
        engine.execute(f"COPY (SELECT {made} FROM range({lines}) AS t(i)) TO '{file}' (HEADER, DELIMITER ',')")  # noqa: S608


def _timed(way: Callable[[Path], None], path: Path) -> float:
    start = time.perf_counter()
    way(path)
    taken = time.perf_counter() - start
    path.unlink()
    return taken


def _ours(path: Path, file: Path, lines: int) -> None:
    store = open_store(f"duckdb://{path}")
    result = take_in(store, importers()["focus"], Request([file]), now=_NOW)
    store.close()
    if result.landed != lines or not result.matches:
        raise SystemExit(f"not all landed: {result}")


def _native(path: Path, file: Path, lines: int) -> None:
    """What a person would write who trusts the file: the engine's reader, its casts, its insert."""
    open_store(f"duckdb://{path}").close()
    by_name = {own: column for column, names in importers()["focus"].columns.items() for own in names}
    types = {c.name: duckdb_type(c) for c in BY_NAME["charge"].columns}
    columns = {own: types[by_name[own]] if own in by_name and own != "Tags" else "VARCHAR" for own in _MADE}
    listed = ", ".join(f"'{own}': '{kind}'" for own, kind in columns.items())
    into = [by_name[own] for own in columns if own in by_name]
    values = [
        '"Tags"::JSON::MAP(VARCHAR, VARCHAR)' if own == "Tags" else f'"{own}"' for own in columns if own in by_name
    ]
    values = [f"coalesce({value}, MAP {{}})" if "Tags" in value else value for value in values]
    pairs = ", ".join(f"'{own}': \"{own}\"" for own in _EXTRA)
    with duckdb.connect(str(path), config={"memory_limit": "4GB"}) as engine:
        engine.execute("SET preserve_insertion_order = false")
        engine.execute(
            f"INSERT INTO charge (take_in, file, line, extra, {', '.join(into)})"  # noqa: S608
            f" SELECT 'native', 1, 0, MAP {{{pairs}}}, {', '.join(values)}"
            f" FROM read_csv('{file}', header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"',"
            f" nullstr = ['', 'NULL'], columns = {{{listed}}})"
        )
        found = engine.execute("SELECT count(*) FROM charge").fetchone()
    if found != (lines,):
        raise SystemExit(f"not all landed: {found}")


if __name__ == "__main__":
    main(*(int(given) if given.isdecimal() else given for given in sys.argv[1:3]))  # type: ignore[arg-type]
