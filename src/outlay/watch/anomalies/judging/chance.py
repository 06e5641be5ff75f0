"""How likely a day is by chance, and which of many days to speak of when some must be chance.

Comes in: how many spreads each series is away. Goes out: which of them count.
"""

import numpy as np

from outlay.watch.anomalies.judging.medians import Figures, Flags

#: Costs have longer tails than the normal curve: being z spreads away has the chance exp(-(1 + 1.25 z)), which was
#: fitted to ordinary days of generated series with normal, heavy-tailed and counted noise.
_TAIL, _START = 1.25, 1.0
_NOT_AWAY, _FAR = 0.1, 400.0


def chances(away: Figures) -> Figures:
    """Return the chance of being so many spreads away or more, on either side.

    >>> chances(np.array([0.0, 3.0, 5.0])).round(4).tolist()
    [1.0, 0.0087, 0.0007]
    """
    return np.where(away > _NOT_AWAY, np.minimum(1.0, np.exp(-(_START + _TAIL * np.minimum(away, _FAR)))), 1.0)


def discoveries(likely: Figures, false_share: float) -> Flags:
    """Return which of the chances of one day count, so that at most `false_share` of them are by chance.

    The procedure of Benjamini and Hochberg: the more series stand out on a day, the less each needs to. NaN is not
    judged.

    >>> discoveries(np.array([0.001, 0.03, 0.04, 0.5]), 0.1).tolist()
    [True, True, True, False]
    """
    judged = np.isfinite(likely)
    ordered = np.sort(likely[judged])
    if not len(ordered):
        return judged
    passed = np.flatnonzero(ordered <= false_share * np.arange(1, len(ordered) + 1) / len(ordered))
    if not len(passed):
        return np.zeros(likely.shape, dtype=np.bool_)
    found: Flags = judged & (likely <= ordered[passed[-1]])
    return found
