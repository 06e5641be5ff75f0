"""What a day should cost, from the weeks before it: the pattern of the week, the level, the spread.

Comes in: the last eight weeks of many series, a gap before each was born. Goes out: `Baseline`, in a scale in which a
rise to the double and a fall to the half are equally far.
"""

from dataclasses import dataclass

import numpy as np

from outlay.watch.anomalies.judging.medians import Counts, Figures, Flags, median, rank

WEEKS = 8
WINDOW = 7 * WEEKS
#: The scale is that of logarithms above this part of an ordinary day, and straight below it: a zero and a credit have
#: a place in it.
_STRAIGHT = 0.1
#: How much of a slope is expected to go on.
_DAMPED = 0.8
_STEEPEST = 0.02
#: An amount below this part of an ordinary day is as good as none.
_NOTHING = 0.02
_LEVELS = ((3, 2.0), (7, 4.0), (14, 7.5), (28, 14.5))
#: A spread that is not known yet is taken for this; with each day that is judged it counts less.
_SPREAD, _SPREAD_DAYS = 0.12, 6
_SPARSE, _UNTIDY = 0.15, 0.3
#: A weekday that costs nothing more often than this rests; one that rests every other week is no weekday of rest.
_RESTS, _OFTEN = 0.8, 0.5


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is known of each series on the morning of a day.

    Args:
        unit: What the scale is straight below, in money.
        typical: What an ordinary day costs, in money, without its sign.
        levels: The level of the day by the last 3, 7, 14 and 28 days, each with its slope; one column each.
        week: What each of the next seven weekdays adds, the day itself first.
        flat: The last eight weeks without the pattern of the week.
        sparse: Whether days without cost come at no weekday of their own.
        biggest: The highest amount of the window, without its sign.
        middle: The median of the amounts that are not zero, without their sign; NaN when there are none.
        spent: How many days of the window are not zero.
    """

    unit: Figures
    typical: Figures
    levels: Figures
    week: Figures
    flat: Figures
    sparse: Flags
    biggest: Figures
    middle: Figures
    spent: Counts

    def scaled(self, amounts: Figures) -> Figures:
        """Return amounts of money in the scale of the baseline, one a series."""
        return np.arcsinh(amounts / self.unit)

    def money(self, scaled: Figures) -> Figures:
        """Return what `scaled` was in money."""
        return np.sinh(np.clip(scaled, -30, 30)) * self.unit

    def nothing(self, amounts: Figures) -> Flags:
        """Return which amounts are as good as none."""
        found: Flags = np.abs(amounts) < _NOTHING * self.typical
        return found


def baseline(window: Figures, age: Counts) -> Baseline:
    """Return the baseline of the day after the window.

    Args:
        window: The last 56 days of each series, what was out of the ordinary replaced by what was expected.
        age: Days since each series was born.
    """
    size = np.abs(window)
    spent = np.where(size > 0, size, np.nan)
    lately = median(spent[:, -28:])
    middle = median(spent)
    typical = np.where(np.isfinite(lately), lately, middle)
    unit = np.where(np.isfinite(typical), typical, 1.0) * _STRAIGHT
    scaled = np.arcsinh(window / unit[:, None]).reshape(-1, WEEKS, 7)
    inside = scaled - median(scaled)[:, :, None]
    known = np.isfinite(inside[:, 2:]).sum(axis=1)
    week = np.nan_to_num(median(inside[:, 2:], axis=1)) * known / (known + 0.6)
    flat = (scaled - week[:, None, :]).reshape(-1, WINDOW)
    return Baseline(
        unit=unit,
        typical=typical,
        levels=_levels(flat, age),
        week=week,
        flat=flat,
        sparse=_sparse(window, typical),
        biggest=np.nan_to_num(size).max(axis=1),
        middle=middle,
        spent=np.isfinite(spent).sum(axis=1),
    )


def _levels(flat: Figures, age: Counts) -> Figures:
    """Return the level of the next day, by as many days back as `_LEVELS` has, each carried on along the slope."""
    middles = {days: median(flat[:, -days:]) for days, _ in _LEVELS}
    slope = np.clip((middles[14] - median(flat[:, -42:-14])) / 28, -_STEEPEST, _STEEPEST)
    slope = np.nan_to_num(slope) * np.clip((age - 21) / 21, 0, 1) * _DAMPED
    found = np.stack([middles[days] + slope * ahead for days, ahead in _LEVELS], axis=1)
    return np.where(np.isfinite(found), found, middles[28][:, None])


def _sparse(window: Figures, typical: Figures) -> Flags:
    """Return which series have days without cost that belong to no weekday."""
    nothing = np.abs(window) < _NOTHING * typical[:, None]
    none = np.where(np.isfinite(window), nothing, np.nan).reshape(-1, WEEKS, 7)
    known = np.isfinite(none).sum(axis=1)
    share = np.nansum(none, axis=1) / np.maximum(known, 1)  # of each weekday, how often it is zero
    untidy = np.where(share > _RESTS, 0, share).mean(axis=1)
    spent = np.nansum(1 - none, axis=1)
    strays = np.where(share >= _OFTEN, spent, 0).sum(axis=1) / np.maximum(spent.sum(axis=1), 1)
    found: Flags = (untidy > _SPARSE) | (strays > _UNTIDY)
    return found


def spread(misses: Figures) -> tuple[Figures, Counts]:
    """Return how far ordinary days of each series lie from what was expected, and of how many days that is known.

    Args:
        misses: By how much the days before were missed, in the scale; NaN for days out of the ordinary.
    """
    away = np.abs(misses)
    known = np.isfinite(away).sum(axis=1)
    middle, far = 1.4826 * median(away), rank(away, 0.93) / 1.81  # the same for normal noise; the second for long tails
    found = np.nan_to_num(np.maximum(0.1 * middle + 0.9 * far, 0.9 * middle), nan=_SPREAD)
    mixed = np.sqrt((known * found**2 + _SPREAD_DAYS * _SPREAD**2) / (known + _SPREAD_DAYS))
    return mixed * (1 + 3 / np.maximum(known, 1)), known
