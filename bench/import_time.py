"""How long `import outlay` takes: the median of 20 fresh interpreters, less the start of a bare one.

Run by `make bench NAME=import_time`. It measures and does not judge: a limit in a test would fail on a busy machine
and say nothing about the code.
"""

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

ROUNDS = 20
SOURCE = Path(__file__).parents[1] / "src"


def seconds(code: str) -> float:
    """Return how long a fresh, isolated interpreter takes to run a line of code."""
    began = perf_counter()
    subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(SOURCE)!r}); {code}"], check=True
    )
    return perf_counter() - began


def main() -> None:
    """Measure both in turn, so that a busy moment falls on both, and print milliseconds."""
    seconds("import outlay")  # compiles to bytecode once, which is not what we measure
    pairs = [(seconds("pass"), seconds("import outlay")) for _ in range(ROUNDS)]
    bare, full = (median(column) for column in zip(*pairs, strict=True))
    print(f"bare interpreter {bare * 1000:.1f} ms, with `import outlay` {full * 1000:.1f} ms")
    print(f"import outlay: {(full - bare) * 1000:.1f} ms (median of {ROUNDS})")


if __name__ == "__main__":
    main()
