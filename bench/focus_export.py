"""A month exported as FOCUS, and DuckDB's own COPY of the same rows.

Two charges in three say who caused them; the others are shared by 12 features. Both ways write all columns of all
rows. Ours reads the ledger, cuts every charge, orders the rows, reads the file back and adds it up; the COPY only
copies the finished rows out of a table. Prints seconds and the ratio, also by the time that the processor worked, which
other work on the machine changes less.

    python bench/focus_export.py [CHARGES] [csv|parquet] [share|charge]
"""

import resource
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, cast

import duckdb

from outlay import flow
from outlay.allocate.rules import Rules, from_toml
from outlay.allocate.stage import apply_rules
from outlay.export.focus import focus
from outlay.store import open_store
from outlay.store.duckdb import DuckDB
from outlay.terms.period import Period

_SQL = Path(__file__).with_name("sql")
_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_MONTH = Period.month("2026-10")
_FEATURES, _CUSTOMERS = 12, 1


def rules() -> Rules:
    """Return rules: who says whose it is has it, the rest is shared by calls."""
    listed: list[dict[str, Any]] = [
        {"name": "tagged", "match": {"tag:feature": "area.*"}, "set": {"feature": "tag:feature"}},
        {"name": "shared", "split": "driver", "driver": "calls", "to": ["feature"], "fallback": "month"},
    ]
    return from_toml({"rule": listed})


def main(charges: int = 300_000, file_format: str = "csv", grain: str = "share") -> None:
    """Make a month, publish it, and write it both ways."""
    with tempfile.TemporaryDirectory() as scratch:
        store = cast(DuckDB, open_store(f"duckdb://{scratch}/bench.duckdb"))
        _make(store, charges)
        flow.run(store, _MONTH, now=_NOW)
        ours, theirs = Path(scratch) / f"ours.{file_format}", Path(scratch) / f"theirs.{file_format}"
        began, busy = perf_counter(), process_time()
        written = focus(store, _MONTH, ours, file_format=file_format, grain=grain)
        took, worked = perf_counter() - began, process_time() - busy
        print(
            f"ours: {written.rows:,} rows of {charges:,} charges in {took:.1f} s, {written.rows / took:,.0f} a second"
        )
        copied, copying = _copied(ours, theirs, file_format)
        print(f"COPY of the same rows: {copied:.1f} s; ratio {copied / took:.2f}")
        print(f"of the processor: {worked:.1f} s and {copying:.1f} s; ratio {copying / worked:.2f}")
        print(f"{ours.stat().st_size / 1e6:,.0f} MB; at most {_peak():,.0f} MB of memory")
        store.close()


def _copied(ours: Path, theirs: Path, file_format: str) -> tuple[float, float]:
    """Return the seconds, and those of the processor, that DuckDB takes to write the same rows from its table."""
    read, how = f"read_parquet('{ours}')", "FORMAT parquet, COMPRESSION zstd"
    if file_format == "csv":
        read, how = f"read_csv('{ours}')", "FORMAT csv, HEADER true"
    with duckdb.connect(str(theirs.with_suffix(".duckdb")), config={"memory_limit": "2GB"}) as engine:
        engine.execute(f"CREATE TABLE held AS FROM {read}")
        began, busy = perf_counter(), process_time()
        engine.execute(f"COPY held TO '{theirs}' ({how})")
        return perf_counter() - began, process_time() - busy


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _make(store: DuckDB, charges: int) -> None:
    store.cursor().execute((_SQL / "export_charges.sql").read_text(), {"charges": charges})
    sizes = {"features": _FEATURES, "customers": _CUSTOMERS}
    store.cursor().execute((_SQL / "allocation_usage.sql").read_text(), sizes)
    taken = {"taken_at": _NOW, "lines": 1, "landed": 1, "skipped": 0, "problem_lines": 0}
    store.insert(
        "take_in",
        [{**taken, "take_in": name, "source": source} for name, source in (("bench", "focus"), ("events", "events"))],
    )
    apply_rules(store, rules(), now=_NOW)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0].replace(",", "")) if given else 300_000, *given[1:3])
