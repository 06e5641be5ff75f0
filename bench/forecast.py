"""How far off forecasts of a month's total are, made on its 10th and 20th day, and how often their bands hold.

On made-up series (`forecast_cases.py`): the styles the method was tuned on, with other seeds, and styles it never saw.
With a file of your own (`series,day,amount`): every month of it that has 30 days before it. Against the mean of the
month so far, the last week again, and AutoETS where an interpreter that has statsforecast is named.

    python bench/forecast.py [--peer PYTHON] [--series N] [--seed N] [TABLE.csv]
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.forecast_cases import HELD_OUT, STYLES, cases
from outlay.watch.forecast.answer import forecast
from outlay.watch.series import DailySeries, read_table

Array = NDArray[np.float64]
_PEER = Path(__file__).parent / "peers" / "auto_ets.py"
#: Days of history before the month, one set each.
_HISTORIES = (45, 60, 90, 120, 180, 365)
_DAYS = (10, 20)
_YEAR = 365
#: An error counts as five times the month at most: one series near zero would outweigh all others.
_WORST = 5.0


@dataclass(frozen=True)
class Asked:
    """Series up to a day, what came after it, and what the month had before it."""

    table: DailySeries
    until: date
    came: Array
    so_far: Array
    day: int


def cut(table: DailySeries, known: int, until: date, day: int) -> Asked:
    """Return what was known after so many days of a table, and what came up to a day."""
    last = (until - table.first).days + 1
    lived = np.flatnonzero((table.amounts[:, :known] != 0).any(axis=1)).tolist()
    before = DailySeries(
        names=[table.names[row] for row in lived],
        currencies=[table.currencies[row] for row in lived],
        first=table.first,
        amounts=table.amounts[lived, :known],
        born=table.born[lived],
        seen=table.seen[lived, :known],
        holidays=table.holidays[lived],
    )
    came = table.amounts[lived, known:last].sum(axis=1)
    return Asked(before, until, came, table.amounts[lived, known - day : known].sum(axis=1), day)


def made(styles: dict[str, float], seed: int, number: int, before: int, after: int) -> tuple[DailySeries, int]:
    """Return made-up series that begin so many days before a month and end so many after its first."""
    month = date(2025, 1 + seed % 12, 1)
    first = month - timedelta(days=before)
    days = [first + timedelta(days=n) for n in range(before + after)]
    found, holidays = cases(seed, number, days, styles)
    amounts = np.stack([one.amounts for one in found])
    table = DailySeries(
        names=[f"{n:05}" for n in range(number)],
        currencies=[None] * number,
        first=first,
        amounts=amounts,
        born=np.zeros(number, dtype=np.int64),
        seen=np.ones(amounts.shape, dtype=np.bool_),
        holidays=np.broadcast_to(holidays, amounts.shape).copy(),
    )
    return table, before


def made_up(styles: dict[str, float], seed: int, number: int, day: int) -> Iterator[Asked]:
    """Yield sets of made-up series, cut on that day of a month."""
    for place, before in enumerate(_HISTORIES):
        table, start = made(styles, seed + place, number, before, 62)
        month = table.first + timedelta(days=start)
        until = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        yield cut(table, start + day, until, day)


def made_years(styles: dict[str, float], seed: int, number: int) -> Iterator[Asked]:
    """Yield sets of made-up series of which twelve months are asked for."""
    for place, before in enumerate((120, 240, 365)):
        table, start = made(styles, seed + place, number, before, _YEAR)
        yield cut(table, start, table.first + timedelta(days=start + _YEAR - 1), 0)


def months(table: DailySeries, day: int) -> Iterator[Asked]:
    """Yield every month of a table that has 30 days before it, cut on that day of it."""
    month = (table.first + timedelta(days=60)).replace(day=1)
    while True:
        until = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        if until > table.last:
            return
        yield cut(table, (month - table.first).days + day, until, day)
        month = until + timedelta(days=1)


class Score:
    """Errors as a part of the month, and what bands held."""

    def __init__(self) -> None:
        self.parts: list[Array] = []

    def add(self, asked: Asked, total: Array, low: Array, high: Array) -> None:
        """Add forecasts of one set."""
        month = np.abs(asked.so_far + asked.came)
        sure = month > 1e-6  # noqa: PLR2004 - less is nothing
        base = np.where(sure, month, 1)
        off = np.abs(total - asked.came)
        missed = np.maximum(low - asked.came, 0) + np.maximum(asked.came - high, 0)
        held = (low <= asked.came) & (asked.came <= high)
        rows = [np.minimum(off / base, _WORST), off, month, held, (high - low) / base]
        rows.append(np.minimum((high - low + 10 * missed) / base, 4 * _WORST))
        self.parts.append(np.stack(rows)[:, sure])

    def line(self, name: str, *, bands: bool) -> str:
        """Return what is printed."""
        relative, off, month, held, width, scored = np.concatenate(self.parts, axis=1)
        text = f"  {name:14} MAPE {100 * relative.mean():6.2f} %   WAPE {100 * off.sum() / month.sum():6.2f} %"
        if not bands:
            return text
        return (
            f"{text}   80% band holds {100 * held.mean():5.1f} %   width {np.median(width):.3f}"
            f"   interval score {scored.mean():.3f}   ({held.size:,} totals)"
        )


def measure(title: str, sets: list[Asked], peer: str | None) -> None:
    """Forecast the sets in every way, and print how each did."""
    scores: dict[str, Score] = {}
    seconds, count = 0.0, 0
    for asked in sets:
        amounts, horizon = asked.table.amounts, len(asked.came) and (asked.until - asked.table.last).days
        began = perf_counter()
        found = forecast(asked.table, asked.until).forecasts
        seconds += perf_counter() - began
        count += len(found)
        ours = np.array([[float(one.total), float(one.low80), float(one.high80)] for one in found]).T
        told = {"ours": (ours[0], ours[1], ours[2])}
        rate = amounts[:, -(asked.day or 28) :].mean(axis=1) * horizon
        week = np.stack([amounts[:, -7 + n % 7] for n in range(horizon)], axis=1).sum(axis=1)
        told |= {"run-rate": (rate, rate, rate), "last week": (week, week, week)}
        if peer:
            total, half = _peer(peer, amounts, horizon)
            told["AutoETS"] = (total, total - half, total + half)
        for name, (total, low, high) in told.items():
            scores.setdefault(name, Score()).add(asked, total, low, high)
    print(f"{title}: {count:,} series in {seconds:.1f} s")
    for name, score in scores.items():
        print(score.line(name, bands=name in {"ours", "AutoETS"}), flush=True)


def _peer(python: str, amounts: Array, horizon: int) -> tuple[Array, Array]:
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(given, amounts=amounts, horizon=horizon)
        subprocess.run([python, str(_PEER), str(given), str(answer)], check=True, stderr=subprocess.DEVNULL)
        with np.load(answer) as found:
            return found["total"], found["half"]


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", nargs="?", type=Path, help="CSV of series,day,amount")
    parser.add_argument("--peer", help="an interpreter that has statsforecast")
    parser.add_argument("--series", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1000)
    given = parser.parse_args()
    if given.table:
        table = read_table(given.table)
        for day in _DAYS:
            measure(f"{given.table.name}, day {day}", list(months(table, day)), given.peer)
        return
    for name, styles in (("known styles", STYLES), ("styles never seen", HELD_OUT)):
        for day in _DAYS:
            sets = list(made_up(styles, given.seed, given.series, day))
            measure(f"{name}, day {day}", sets, given.peer)
        measure(f"{name}, twelve months", list(made_years(styles, given.seed, given.series)), None)
    table, start = made(STYLES, given.seed, 5000, 110, 62)
    asked = cut(table, start + 10, table.first + timedelta(days=start + 30), 10)
    began = perf_counter()
    forecast(asked.table, asked.until)
    print(f"{len(asked.table.names):,} series of 120 days to the end of the month: {perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
