"""Pricing 20 million usage rows with the full price book, against a hand-written range join on the same rows.

Ours is the view `estimate`, with every unit, rounding, currency, bound and attribution it has. By hand: one join of
usage to a table of prices by model and time, three units, summed; once without rounding and once rounded per row as the
ledger does. Prints seconds, ratios, the stage that finds the prices, and the most memory the process took.

    python bench/pricing.py [EVENTS]
"""

import resource
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import cast

from outlay import flow
from outlay.allocate.rules import DEFAULT, read
from outlay.prices import learn
from outlay.store import open_store
from outlay.store.duckdb import DuckDB
from outlay.terms.period import Period

_SQL = Path(__file__).with_name("sql")
_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_ROUNDS = 5


def main(events: int) -> None:
    """Fill a store, find the prices of two months, price them by the view and by hand."""
    with tempfile.TemporaryDirectory(prefix="outlay-bench-") as folder:
        store = cast(DuckDB, open_store(f"duckdb://{folder}/bench.duckdb"))
        store.cursor().execute((_SQL / "usage.sql").read_text(), {"events": events})
        taken = {"take_in": "bench", "source": "events", "taken_at": _NOW, "lines": 1, "landed": 1}
        store.insert("take_in", [{**taken, "skipped": 0, "problem_lines": 0}])
        learn.seed(store, now=_NOW)
        began = perf_counter()
        for month in ("2026-09", "2026-10"):
            flow.price(store, flow.Run(month, Period.month(month), read(DEFAULT), _NOW, {"": _NOW}))
        stage = perf_counter() - began
        store.cursor().execute((_SQL / "pricing_by_hand.sql").read_text())
        held = store.count("price")
        print(f"{events:,} usage rows, {held:,} prices in the book; finding the prices in use took {stage:.1f} s")
        by_hand = {way: _timed(store, f"pricing_by_hand_{way}") for way in ("plain", "rounded")}
        ours = _timed(store, "pricing_ours")
        print(f"  estimate          {ours:6.2f} s")
        for way, seconds in by_hand.items():
            print(f"  by hand, {way:<8} {seconds:6.2f} s   ratio {ours / seconds:.2f}")
        store.close()
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def _timed(store: DuckDB, name: str) -> float:
    text, times = (_SQL / f"{name}.sql").read_text(), []
    for _ in range(_ROUNDS):
        began = perf_counter()
        store.cursor().execute(text).fetchall()
        times.append(perf_counter() - began)
    return median(times)


if __name__ == "__main__":
    main(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 20_000_000)
