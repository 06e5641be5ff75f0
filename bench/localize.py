"""Localisation on tables with planted causes: precision, recall, F1 and time, ours beside Adtributor.

    python bench/localize.py [--cases 50] [--seed 1] [--layouts any-depth,L,heavy] [--without-adtributor]

A cause counts as found when exactly its combination is named. F1 is of all causes of all cases together. Time is the
CPU time of this process for one case, from arrays to causes: the median and the longest; what reads a file comes on
top. `bench/planted_causes.py` makes the cases and says what each layout is.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.adtributor import adtributor  # noqa: E402 - found by the line above
from bench.planted_causes import LAYOUTS, Element, Floats, Ints, planted  # noqa: E402
from outlay.explain.localize.search import search  # noqa: E402

Localizer = Callable[[Ints, Floats, Floats], set[Element]]


def ours(codes: Ints, actual: Floats, expected: Floats) -> set[Element]:
    """Return what `outlay localize` names."""
    found, _ = search(codes, actual, expected)
    return {frozenset(one.element.items()) for one in found}


def measured(localizer: Localizer, layout: str, cases: int, seed: int) -> tuple[float, float, float, list[float]]:
    """Return precision, recall and F1 over some cases, and the seconds that each took."""
    chance = np.random.default_rng(seed)
    right = wrong = missed = 0
    seconds = []
    for _ in range(cases):
        case = planted(LAYOUTS[layout], chance)
        start = process_time()
        found = localizer(case.codes, case.actual, case.expected)
        seconds.append(process_time() - start)
        right += len(found & case.causes)
        wrong += len(found - case.causes)
        missed += len(case.causes - found)
    precision, recall = right / max(right + wrong, 1), right / max(right + missed, 1)
    return precision, recall, 2 * right / max(2 * right + wrong + missed, 1), seconds


def main() -> None:
    """Print a table of the layouts."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--layouts", default=",".join(LAYOUTS))
    options.add_argument("--without-adtributor", action="store_true")
    asked = options.parse_args()
    columns = ["layout", "leaves", "F1", "precision", "recall", "ms a case", "longest"]
    columns += [] if asked.without_adtributor else ["Adtributor F1", "ms"]
    print(f"| {' | '.join(columns)} |")
    print(f"|---{'|---:' * (len(columns) - 1)}|", flush=True)
    for layout in asked.layouts.split(","):
        leaves = len(planted(LAYOUTS[layout], np.random.default_rng(asked.seed)).codes)
        precision, recall, f1, seconds = measured(ours, layout, asked.cases, asked.seed)
        cells = [layout, f"{leaves:,}", f"{f1:.3f}", f"{precision:.3f}", f"{recall:.3f}"]
        cells += [f"{median(seconds) * 1000:.0f}", f"{max(seconds) * 1000:.0f}"]
        if not asked.without_adtributor:
            *_, floor, floor_seconds = measured(adtributor, layout, asked.cases, asked.seed)
            cells += [f"{floor:.3f}", f"{median(floor_seconds) * 1000:.1f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
