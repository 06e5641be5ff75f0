"""Slow leaks: a level that creeps up week by week, faster than it used to.

Comes in: the last eight weeks of many series without the pattern of the week. Goes out: by how much the last week lies
above where the weeks before it led, and whether that is a leak.
"""

from itertools import combinations

import numpy as np

from outlay.watch.anomalies.judging.medians import Counts, Figures, Flags, median

#: The last week is held against these; the week between them is left out, so that a leak does not hide itself.
_BEFORE = 6
_LAST = 7
_APART = 2
_LEAST_WEEKS = 4
_PAIRS = [(one, other) for one, other in combinations(range(_BEFORE), 2) if other - one >= _APART]
#: What a level is uncertain by, from week to week, in the scale of logarithms.
_UNSTEADY = 0.05
_LEAST_KNOWN = 10


def creep(flat: Figures) -> tuple[Figures, Figures, Flags]:
    """Return how far the last week lies above where it was led to, that place, and whether it still rises.

    Args:
        flat: The last 56 days of each series without the pattern of the week.

    Returns:
        Two figures a series, in the scale of the baseline, NaN with less than four weeks to tell from; and whether
        each of the last two weeks was above the one before.
    """
    weeks = median(flat.reshape(len(flat), -1, 7))
    before = weeks[:, :_BEFORE]
    known = np.isfinite(before).sum(axis=1)
    slopes = np.stack([(before[:, other] - before[:, one]) / (other - one) for one, other in _PAIRS], axis=1)
    slope = np.nan_to_num(median(slopes)) * np.clip((known - 2) / 3, 0, 1)
    start = median(before - slope[:, None] * np.arange(_BEFORE))
    led_to = np.where(known >= _LEAST_WEEKS, start + np.maximum(slope, -0.05) * _LAST, np.nan)
    rising: Flags = (weeks[:, 7] > weeks[:, 6]) & (weeks[:, 6] > weeks[:, 5])
    return weeks[:, _LAST] - led_to, led_to, rising


def usual_creep(creeps: Figures, spread: Figures) -> Figures:
    """Return by how much the last week usually lies away from where it was led to.

    Args:
        creeps: What `creep` said of earlier days, the last ten left out; one column a day.
        spread: The spread of single days.
    """
    known: Counts = np.isfinite(creeps).sum(axis=1)
    usual = np.where(known >= _LEAST_KNOWN, 1.4826 * median(np.abs(creeps)), 0.1) if creeps.shape[1] else 0.1
    found: Figures = np.sqrt(usual**2 + _UNSTEADY**2 + 0.3 * spread**2)
    return found
