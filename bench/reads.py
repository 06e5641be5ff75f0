"""Every read command's answer on the demo at a scale, in one process after start-up: median and 95th percentile.

    python bench/reads.py [SCALE] [FOLDER]

FOLDER keeps the demo between calls; without it one is made and thrown away.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import cast

from outlay.explain import activity, change, cost, gap, unit_cost
from outlay.store import Store, open_store
from outlay.store.duckdb import DuckDB
from outlay.terms.period import Period

_ROUNDS = 15
_BEFORE, _AFTER = Period.month("2026-09"), Period.month("2026-10")


@cache
def _trace(store: DuckDB) -> str:
    found = store.cursor().execute('SELECT trace FROM "usage" WHERE trace IS NOT NULL LIMIT 1').fetchone()
    return str(found[0]) if found else ""


_READS: dict[str, Callable[[Store], object]] = {
    "costs --by feature": lambda s: cost.costs(s, _AFTER, ["feature"]),
    "costs --by customer": lambda s: cost.costs(s, _AFTER, ["customer"]),
    "costs --by feature,customer": lambda s: cost.costs(s, _AFTER, ["feature", "customer"]),
    "costs --by service_name --origin billed": lambda s: cost.costs(s, _AFTER, ["service_name"], origin="billed"),
    "costs --by model --origin estimated": lambda s: cost.costs(s, _AFTER, ["model"], origin="estimated"),
    "explain": lambda s: change.change(s, _BEFORE, _AFTER),
    "features": lambda s: unit_cost.features(s, _AFTER),
    "customers": lambda s: unit_cost.customers(s, _AFTER),
    "models": lambda s: unit_cost.models(s, _AFTER),
    "users": lambda s: unit_cost.users(s, _AFTER),
    "failures": lambda s: activity.failures(s, _AFTER),
    "heatmap": lambda s: activity.heatmap(s, _AFTER),
    "reconcile": lambda s: gap.reconcile(s, _AFTER),
    "trace": lambda s: activity.trace(s, _trace(cast(DuckDB, s))),
}


def main(scale: int, folder: Path) -> None:
    """Make the demo if it is not there, then time every read."""
    url = f"duckdb://{folder.absolute()}/demo.duckdb"
    if not (folder / "demo.duckdb").exists():
        command = [sys.executable, "-m", "outlay", "demo", "--no-serve", "--json", "--scale", str(scale)]
        subprocess.run([*command, "--folder", str(folder)], check=True, stdout=subprocess.DEVNULL)
    store = cast(DuckDB, open_store(url))
    print(f"scale {scale}: {store.count('ledger'):,} shares, {store.count('rollup_day'):,} rolled-up rows")
    for name, read in _READS.items():
        times = []
        for _ in range(_ROUNDS):
            began = perf_counter()
            read(store)
            times.append((perf_counter() - began) * 1000)
        print(f"  {name:<42} p50 {median(times):7.1f} ms   p95 {quantiles(times, n=20)[-1]:7.1f} ms")
    store.close()


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    if folder := sys.argv[2:]:
        main(asked, Path(folder[0]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(asked, Path(made))
