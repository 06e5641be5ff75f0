"""Ten million bill lines shared out over 60 features, 2,000 customers and 31 days; a change of a rule planned on that.

Prints the seconds of every stage of the run, of the plan, and the most memory the process took. The import of the lines
is not in it (`bench/cur_import.py`, `bench/focus_import.py`).

    python bench/allocation.py [CHARGES] [FEATURES] [CUSTOMERS] [STORE_FOLDER]
"""

import resource
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, cast

from outlay import flow
from outlay.allocate.plan import plan
from outlay.allocate.rules import Rules, from_toml
from outlay.allocate.stage import apply_rules
from outlay.explain.sensitivity import sensitivity
from outlay.store import open_store
from outlay.store.duckdb import DuckDB
from outlay.terms.period import Period

_SQL = Path(__file__).with_name("sql")
_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_MONTH = Period.month("2026-10")


def rules(driver: str) -> Rules:
    """Return rules that share the platform by a driver; tax and credits follow."""
    listed: list[dict[str, Any]] = [
        {
            "name": "staging",
            "match": {"tag:environment": "staging", "charge_category": "Usage"},
            "set": {"team": "=platform", "environment": "=staging"},
        },
        {
            "name": "platform",
            "match": {"charge_category": "Usage"},
            "set": {"environment": "tag:environment"},
            "split": "driver",
            "driver": driver,
            "within": ["environment"],
            "to": ["feature", "customer", "team"],
            "fallback": "month",
        },
        {"name": "tax and credits", "split": "proportional", "to": ["feature", "team"], "fallback": "month"},
    ]
    return from_toml({"rule": listed})


def main(charges: int = 10_000_000, features: int = 60, customers: int = 2_000, folder: str = "") -> None:
    """Make a world, run it, plan on it."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(folder or scratch) / "bench.duckdb"
        made = path.exists()
        store = cast(DuckDB, open_store(f"duckdb://{path}"))
        if not made:
            began = perf_counter()
            _make(store, charges, features, customers)
            print(f"made {charges:,} charges and {features * customers * 31:,} events: {perf_counter() - began:.1f} s")
        began = perf_counter()
        (published,) = flow.run(store, _MONTH, now=_NOW + timedelta(seconds=store.count("publication")))
        for stage in published.stages:
            print(f"  {stage.name:<12} {stage.seconds:6.2f} s {stage.rows:>12,} rows")
        print(f"run: {perf_counter() - began:.1f} s")
        for driver, what in (("tokens", "another driver"), ("calls", "the same rules")):
            began = perf_counter()
            planned = plan(store, rules(driver), _MONTH, now=_NOW)
            moved = len(planned.moved["customer"])
            print(f"plan of {what}: {perf_counter() - began:.1f} s, {moved:,} customers move")
        began = perf_counter()
        sensitivity(store, _MONTH, {"customer": "customer-7"})
        print(f"sensitivity of a customer: {perf_counter() - began:.1f} s")
        print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
        store.close()


def _make(store: DuckDB, charges: int, features: int, customers: int) -> None:
    store.cursor().execute((_SQL / "allocation_charges.sql").read_text(), {"charges": charges})
    sizes = {"features": features, "customers": customers}
    store.cursor().execute((_SQL / "allocation_usage.sql").read_text(), sizes)
    taken = {"taken_at": _NOW, "lines": 1, "landed": 1, "skipped": 0, "problem_lines": 0}
    store.insert(
        "take_in",
        [{**taken, "take_in": name, "source": source} for name, source in (("bench", "focus"), ("events", "events"))],
    )
    apply_rules(store, rules("calls"), now=_NOW)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*(int(text.replace(",", "")) for text in given[:3]), *given[3:])  # type: ignore[arg-type]
