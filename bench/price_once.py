"""How long `outlay price` takes from the shell, start-up included: the copy beside the store, and without it.

Run by `make bench NAME=price_once`. The file cache is warm, byte code is compiled; median and least of 20 runs.
"""

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from outlay.store import open_store

ROUNDS = 20
SOURCE = Path(__file__).parents[1] / "src"
USAGE = "input=1000,cache_read=500,output=100"


def seconds(store: Path, *model: str) -> float:
    """Return how long one run takes."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(SOURCE), "OUTLAY_STORE": f"duckdb://{store}"}
    command = [sys.executable, "-m", "outlay", "price", *model, "--usage", USAGE]
    began = perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return perf_counter() - began


def written(store: Path) -> None:
    """Write something that is no price, as an import or a run does."""
    held = open_store(f"duckdb://{store}")
    held.insert("release", [{"take_in": "bench", "release": "1", "released_at": datetime(2026, 10, 1, tzinfo=UTC)}])
    held.close()


def main() -> None:
    """Measure with and without the copy, in a store of its own."""
    with tempfile.TemporaryDirectory(prefix="outlay-bench-") as folder:
        store = Path(folder) / "store.duckdb"
        print(f"first run, which learns the list prices: {seconds(store, 'openai', 'gpt-5') * 1e3:.0f} ms")
        written(store)
        print(f"after something else was written: {seconds(store, 'openai', 'gpt-5') * 1e3:.0f} ms")
        store.with_name("store.duckdb.prices").unlink()
        print(f"after prices were learnt, which writes the copy anew: {seconds(store, 'openai', 'gpt-5') * 1e3:.0f} ms")
        for model in (("openai", "gpt-5", "--json"), ("openai", "gpt-5"), ("openrouter", "openai/gpt-5", "--json")):
            runs = [seconds(store, *model) for _ in range(ROUNDS)]
            print(
                f"outlay price {' '.join(model):34} median {median(runs) * 1e3:.0f} ms, least {min(runs) * 1e3:.0f} ms"
            )


if __name__ == "__main__":
    main()
