"""Anomalies: what is found of what is wrong, how late, and how often nothing was wrong; and how long it takes.

    python -m bench.anomalies [PEERS_PYTHON]

Tables are made by `bench/anomalies_made.py`: 30 hands that the detector was tuned beside, and 30 that it never saw,
100 series of each. An anomaly counts as found when an alert falls within its days; alerts within them are not false.
Against two z-scores of the 28 days before (2 and 3 standard deviations), and, where an interpreter with statsforecast
is given, AutoETS with bands of 99 % and MSTL with such bands twice as wide, on four hands, since they take minutes:

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install statsforecast
    python -m bench.anomalies /tmp/peers/bin/python
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import reduce
from operator import add
from pathlib import Path
from time import perf_counter

import numpy as np

from bench.anomalies_made import Hand, Made, hand, table
from bench.anomalies_score import Score, as_series, score, scored
from outlay.watch.anomalies import anomalies

TUNED, HELD_OUT = range(100, 130), range(5000, 5030)
_SERIES, _WINDOW = 100, 28
_PEERS = 4
_CENT = 0.01
Detector = Callable[[Made], Score]


def ours(made: Made) -> Score:
    """Return how our own detector does."""
    return score(made, anomalies(as_series(made)))


def trailing(deviations: int) -> Detector:
    """Return a detector of days so many standard deviations away from the mean of the 28 days before."""

    def detect(made: Made) -> Score:
        flags = np.zeros(made.amounts.shape)
        for day in range(_WINDOW, len(made.days)):
            before = made.amounts[:, day - _WINDOW : day]
            spread = before.std(axis=1)
            away = np.abs(made.amounts[:, day] - before.mean(axis=1))
            flags[:, day] = (spread > 0) & (away > deviations * spread)
        return scored(made, flags)

    return detect


def peer(python: str, model: str, wider: int) -> Detector:
    """Return a detector of days outside the bands of a library, which may be made wider."""
    script = Path(__file__).parent / "peers" / "anomaly_bands.py"

    def detect(made: Made) -> Score:
        with tempfile.TemporaryDirectory() as folder:
            amounts, bands = Path(folder, "amounts.npy"), Path(folder, "bands.npz")
            np.save(amounts, made.amounts)
            subprocess.run([python, "-W", "ignore", str(script), str(amounts), str(bands), model], check=True)
            expected, low, high = np.moveaxis(np.load(bands)["bands"], 1, 0)
        above, below = wider * (high - expected) + _CENT, wider * (expected - low) + _CENT
        away = made.amounts - expected
        with np.errstate(invalid="ignore"):  # days without a band are not judged
            return scored(made, ((away > above) | (-away > below)).astype(np.float64))

    return detect


def told(name: str, results: Iterable[Score]) -> None:
    """Print how a detector did, over all tables and in its worst one."""
    every = list(results)
    whole = reduce(add, every)
    kinds = ", ".join(f"{kind} {whole.found[kind] / count:.2f}" for kind, count in sorted(whole.labels.items()))
    print(
        f"{name:28} F1 {whole.f1:.2f} (tables {min(one.f1 for one in every):.2f} to {max(one.f1 for one in every):.2f})"
        f"  precision {whole.precision:.2f}  recall {whole.recall:.2f}  false alarms per series-month"
        f" {whole.false_alarms:.3f}  delay {np.mean(whole.delays):.1f} days  recall by kind: {kinds}",
        flush=True,
    )


def main() -> None:
    """Measure."""
    for title, hands in (("tuned beside", TUNED), ("held out", HELD_OUT)):
        tables = [table(hand(seed), _SERIES, seed) for seed in hands]
        print(f"{title}: {len(tables)} hands, {sum(len(one.amounts) for one in tables):,} series")
        told("outlay", map(ours, tables))
        told("trailing z > 2", map(trailing(2), tables))
        told("trailing z > 3", map(trailing(3), tables))
    few = [table(how, _SERIES, 1) for how in (Hand(), *map(hand, HELD_OUT[: _PEERS - 1]))]
    print(f"with the peers: {len(few)} of them")
    told("outlay", map(ours, few))
    if sys.argv[1:]:
        told("AutoETS, 99 %", map(peer(sys.argv[1], "AutoETS", 1), few))
        told("MSTL, 99 % doubled", map(peer(sys.argv[1], "MSTL", 2), few))
    large = as_series(table(Hand(), 5_000, 3))
    began = perf_counter()
    found = anomalies(large)
    print(f"5,000 series of 120 days: {perf_counter() - began:.1f} s, {len(found):,} alerts")


if __name__ == "__main__":
    main()
