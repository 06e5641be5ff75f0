"""Usage with a column per token unit, or with a row per unit? Ingest, pricing and disk, in DuckDB.

The same made-up attempts are put into a table of each form from a Parquet file, priced by feature and model, and
measured on the disk. Both ways must find the same money. Rounds alternate, so that whatever else the machine does
falls on both.

    python bench/usage_form.py [attempts] [rounds]
"""

import statistics
import sys
import tempfile
import time
from itertools import zip_longest
from pathlib import Path

import duckdb

_SQL = Path(__file__).parent / "sql"
_FORMS = ("wide", "long")


def main() -> None:
    """Measure both forms in turn and print medians."""
    attempts, rounds = (int(given or usual) for given, usual in zip_longest(sys.argv[1:3], ("2000000", "3")))
    seconds: dict[tuple[str, str], list[float]] = {(form, what): [] for form in _FORMS for what in ("ingest", "price")}
    sizes: dict[str, int] = {}
    rows: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="outlay-bench-") as name:
        folder = Path(name)
        for turn in range(rounds):
            answers = []
            for form in _FORMS if turn % 2 else reversed(_FORMS):
                path = folder / f"{form}{turn}.duckdb"
                answers.append(_measure(path, folder / "attempts.parquet", form, attempts, seconds, rows))
                sizes[form] = path.stat().st_size
                path.unlink()
            if answers[0] != answers[1]:
                sys.exit("the two forms disagree")
    for form in _FORMS:
        ingest, price = (statistics.median(seconds[form, what]) for what in ("ingest", "price"))
        print(
            f"{form}: {rows[form]:,} rows, ingest {ingest:.2f} s ({attempts / ingest:,.0f} attempts/s),"
            f" pricing {price:.2f} s, disk {sizes[form] / 1e6:,.0f} MB"
        )


def _measure(
    path: Path,
    source: Path,
    form: str,
    attempts: int,
    seconds: dict[tuple[str, str], list[float]],
    rows: dict[str, int],
) -> list[tuple[object, ...]]:
    """Fill a fresh database in one form, price it, note how long both took, and return the answer."""
    with duckdb.connect(str(path), config={"memory_limit": "4GB", "preserve_insertion_order": "false"}) as engine:
        engine.execute(f"CREATE TEMP VIEW attempt AS FROM '{_attempts(source, attempts)}'")
        engine.execute(_text("form_prices"))
        start = time.perf_counter()
        engine.execute(_text(f"form_{form}"))
        engine.execute("CHECKPOINT")
        seconds[form, "ingest"].append(time.perf_counter() - start)
        start = time.perf_counter()
        answer = engine.execute(_text(f"form_price_{form}")).fetchall()
        seconds[form, "price"].append(time.perf_counter() - start)
        rows[form] = len(engine.table(form))
    return answer


def _attempts(path: Path, attempts: int) -> Path:
    """Return a Parquet file of attempts, made once."""
    if not path.exists():
        with duckdb.connect() as engine:
            engine.execute(_text("form_attempts").replace("$attempts", str(attempts)))
            engine.execute(f"COPY attempt TO '{path}' (FORMAT parquet)")
    return path


def _text(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
