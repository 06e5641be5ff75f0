"""A whole run on 1 million charges and 5 million events, and its allocation against the plain split alone.

Prints the seconds of every stage, the whole run, and the ratio of the allocation stage to one hand-written split of the
same pools by the same drivers into a table (`bench/sql/split.sql`), measured in the same process.

    python bench/run_flow.py [EVENTS] [CHARGES]
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import cast

from outlay import flow
from outlay.allocate.rules import from_toml
from outlay.allocate.stage import apply_rules
from outlay.prices import learn
from outlay.store import open_store
from outlay.store.duckdb import DuckDB

_SQL = Path(__file__).with_name("sql")
_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_RULES = {
    "rule": [
        {
            "name": "model usage",
            "match": {"service_category": "AI and Machine Learning", "charge_category": "Usage"},
            "set": {"provider": "provider", "model": "resource_id"},
            "split": "driver",
            "driver": "estimated_cost",
            "within": ["provider", "model"],
            "to": ["feature", "customer", "team", "user", "environment", "service", "release", "model"],
            "fallback": "month",
        },
        {
            "name": "services",
            "match": {"tag:service": "?*", "charge_category": "Usage"},
            "set": {"service": "tag:service"},
            "split": "driver",
            "driver": "calls",
            "within": ["service"],
            "to": ["feature", "customer", "team"],
        },
        {"name": "rest", "split": "proportional", "to": ["feature", "team"]},
    ]
}


def main(events: int, charges: int) -> None:
    """Fill a store, run it, print what each stage took."""
    with tempfile.TemporaryDirectory() as folder:
        store = cast(DuckDB, open_store(f"duckdb://{folder}/bench.duckdb"))
        began = perf_counter()
        store.cursor().execute((_SQL / "usage.sql").read_text(), {"events": events})
        store.cursor().execute((_SQL / "charges.sql").read_text(), {"charges": charges})
        taken = {"take_in": "bench", "source": "focus", "taken_at": _NOW, "lines": 1, "landed": 1}
        store.insert("take_in", [{**taken, "skipped": 0, "problem_lines": 0}])
        apply_rules(store, from_toml(_RULES), now=_NOW)
        learn.seed(store, now=_NOW)
        print(f"made {events:,} events and {charges:,} charges in {perf_counter() - began:.1f} s")
        began = perf_counter()
        published = flow.run(store, None, now=_NOW)
        whole = perf_counter() - began
        stages: dict[str, list[float]] = {}
        for one in published:
            for stage in one.stages:
                both = stages.setdefault(stage.name, [0, 0])
                both[0] += stage.seconds
                both[1] += stage.rows
        for name, (seconds, rows) in stages.items():
            print(f"  {name:<12} {seconds:6.2f} s {int(rows):>12,} rows")
        print(f"run: {whole:.1f} s for {len(published)} months")
        began = perf_counter()
        store.cursor().execute((_SQL / "split.sql").read_text())
        split = perf_counter() - began
        shares = store.cursor().execute("SELECT count(*) FROM split").fetchall()[0][0]
        ratio = stages["allocate"][0] / split
        print(f"the split alone: {split:.2f} s, {shares:,} shares; allocation takes {ratio:.2f} times that")
        store.close()


if __name__ == "__main__":
    main(*(int(text.replace(",", "")) for text in [*sys.argv[1:], "5000000", "1000000"][:2]))
