"""Noise: how far leaves are from what was expected when nothing is the matter.

The deviation of a leaf is 2 (actual - expected) / (|actual| + |expected|), from -2 (gone) to 2 (new); 0 as expected.
Most leaves are ordinary, so their deviations say what is ordinary: how wide they are spread, which depends on the size
of a leaf (small counts jump more), how heavy the tails are, how often leaves come and go, and whether everything moved
together. Causes push leaves to one side, and they hold some values of a dimension and not others. So of two tails the
thinner one is believed, and of the thicker one as much as is spread evenly over all values.
"""

# float is fine in this file: densities of relative deviations, never amounts

from dataclasses import dataclass
from math import erfc, pi, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
#: Deviations beyond this are of what is gone, or new; others are kept a little below it.
EDGE = 1.99
#: The density of a deviation at the edge, over its probability: as if it was a normal one with a spread of a hundredth.
AT_EDGE = 1 / (0.01 * sqrt(2 * pi))
_INSIDE = 1.98
#: The quarter of a normal distribution: the median of |x| over its standard deviation.
_MEDIAN = 0.6745
#: Leaves are put into bins by size, each large enough for a median that is right to a tenth or so.
_BINS, _IN_A_BIN = 40, 50
_LEAST_SIGMA = 2e-3
#: The smallest shift that may be a cause: a fiftieth, or so much of the usual spread.
_LEAST_SHIFT, _OF_SIGMA = 0.02, 0.3
#: Noise is a mixture of normal errors: of the usual spread times one of these each, an octave in two steps.
_SCALES: Floats = 2.0 ** np.arange(-1, 10.5, 0.5)
_USUAL = 2
#: When more leaves than `_MANY` are of spreads from `_HEAVY` on, tails are heavy and go on: of each spread there is at
#: least so much of what there is of the one before. It is the tail of Student's t with three degrees of freedom.
_HEAVY, _MANY, _THINNING = 2.8, 5.0, 2.0**-1.5
#: Leaves of a size of which a part of `_TOO_OFTEN` comes and goes, and which are spread by more than `_TOO_FAR`, and by
#: much more than the largest are, are small counts: 0, 1 or 2 of something.
_TOO_OFTEN, _TOO_FAR, _THAN_LARGE = 0.05, 0.3, 1.5
#: Leaves for each value of a dimension from which one can tell whether they are spread evenly; and the part of them
#: from which on they are.
_TELLING, _EVEN = 2.0, 0.4
#: A leaf that was never seen to vanish or appear on the thinner side does so this many times, among all.
_UNSEEN = 0.01
#: Leaves of the next larger sizes come and go at least so many times as often.
_NEXT = 0.1
#: Likewise, something else entirely happens to half a leaf; spread over all deviations.
_ELSE, _ELSE_EVENLY = 0.5, 0.005


@dataclass(frozen=True, slots=True)
class Leaves:
    """Leaves as noise knows them.

    Args:
        deviation: Of each leaf.
        bin_of: The bin of each leaf by its size, the smallest first.
        codes: Leaf by dimension.
    """

    deviation: Floats
    bin_of: Ints
    codes: Ints

    def of(self, chosen: Flags) -> "Leaves":
        """Return some of them."""
        return Leaves(self.deviation[chosen], self.bin_of[chosen], self.codes[chosen])


def bins_of(size: Floats) -> Ints:
    """Return the bin of each leaf by its size: leaves of about one size, and enough of them to learn from."""
    many = max(1, min(_BINS, len(size) // _IN_A_BIN))
    smallest = np.sort(size)[np.arange(many) * len(size) // many]
    # Leaves of one size stay together, or bins would go by the order of the table.
    return np.searchsorted(np.unique(smallest), size, side="right") - 1


class Noise:
    """What is ordinary, learnt from leaves that mostly are.

    Args:
        leaves: Some leaves, at least one.
        bins: How many bins of size there are.
        centre: By how much everything moved together.
    """

    def __init__(self, leaves: Leaves, bins: int, centre: float = 0.0) -> None:
        self.centre = centre
        away = np.abs(leaves.deviation - centre)
        inside = np.abs(leaves.deviation) <= EDGE
        self._held = np.bincount(leaves.bin_of, minlength=bins)
        self._sigmas = _falling(_spreads(away, leaves.bin_of, inside, bins), self._held)
        self._edges = self._learnt_edges(leaves)
        self._weights = self._learnt_mixture(leaves.of(inside))
        #: The smallest shift that may be a cause.
        usual = float(np.median(np.repeat(self._sigmas, self._held)))
        self.least_shift = max(_LEAST_SHIFT, _OF_SIGMA * usual)
        self._tabulate()

    def log_density(self, leaves: Leaves) -> Floats:
        """Return the logarithm of how likely the deviations of some leaves are, were they ordinary."""
        away = np.clip(np.abs(leaves.deviation - self.centre), _GRID[0], _INSIDE)
        place = (np.log2(away) - _GRID_FIRST) * _GRID_STEPS
        below = np.minimum(place.astype(np.int64), len(_GRID) - 2)
        part = place - below
        low, high = self._logs[leaves.bin_of, below], self._logs[leaves.bin_of, below + 1]
        edges = np.where(leaves.deviation < 0, self._log_edges[0][leaves.bin_of], self._log_edges[1][leaves.bin_of])
        return np.where(np.abs(leaves.deviation) > EDGE, edges, low + (high - low) * part)

    def variance(self, leaves: Leaves) -> Floats:
        """Return the variance of the deviations of some leaves, tails and all."""
        # A deviation is never further out than 2, so a spread beyond 1 makes no difference.
        wide = np.minimum(self._sigmas[:, np.newaxis] * _SCALES, 1.0)
        return (wide**2 @ self._weights)[leaves.bin_of]

    def says_nothing(self, leaves: Leaves) -> Flags:
        """Return which leaves are so small that they come and go, and jump about: they are not looked at."""
        small: Flags = self._sigmas > np.maximum(_TOO_FAR, _THAN_LARGE * self._sigmas[-1])
        small &= self._edges[0] + self._edges[1] > _TOO_OFTEN
        return small[leaves.bin_of]

    def _learnt_edges(self, leaves: Leaves) -> list[Floats]:
        """Return by size how often leaves vanish, and how often they appear."""
        sides = leaves.deviation < -EDGE, leaves.deviation > EDGE
        found = []
        for side, part in zip(sides, _ordinary(*sides, leaves), strict=True):
            seen = np.bincount(leaves.bin_of[side], minlength=len(self._held)) * part
            rates = seen / np.maximum(self._held, 1) + _UNSEEN / len(leaves.deviation)
            rates = _falling(rates, self._held)
            for number in range(1, len(rates)):
                rates[number] = max(rates[number], rates[number - 1] * _NEXT)
            found.append(rates)
        return found

    def _learnt_mixture(self, leaves: Leaves) -> Floats:
        """Return how much of the noise has which of the `_SCALES`."""
        away = leaves.deviation - self.centre
        # The smaller one of the two relative errors is what a normal error of either side would most likely be.
        errors = 2 * np.abs(away) / (2 + np.abs(away)) / self._sigmas[leaves.bin_of]
        step = np.clip(np.floor(np.log2(np.maximum(errors, _EDGES[0])) * _STEPS).astype(np.int64) - _FIRST, 0, _LAST)
        counted = np.bincount(step, minlength=_LAST + 1).astype(np.float64)
        octaves = (step + _FIRST) // _STEPS
        for octave in range(1, int(octaves.max(initial=0)) + 1):
            there = octaves == octave
            if there.any():
                sides = there & (away < 0), there & (away > 0)
                parts = _ordinary(*sides, leaves)
                ordinary = sum(float(side.sum()) * part for side, part in zip(sides, parts, strict=True))
                counted[octave * _STEPS - _FIRST : (octave + 1) * _STEPS - _FIRST] *= ordinary / float(there.sum())
        weights: Floats = _PRIOR / _PRIOR.sum()
        for _ in range(_ITERATIONS):
            each = _LIKELIHOODS * weights
            weights = counted @ (each / each.sum(axis=1, keepdims=True)) + _PRIOR
            weights /= weights.sum()
        tail = np.flatnonzero(_SCALES >= _HEAVY)
        if weights[tail].sum() * len(away) > _MANY:
            for place in tail[1:]:
                weights[place] = max(weights[place], weights[place - 1] * _THINNING)
        weights /= weights.sum()
        return weights

    def _tabulate(self) -> None:
        """Work out by bin how likely which deviation is: there are far fewer bins than leaves."""
        sigmas = self._sigmas[:, np.newaxis]
        density = np.zeros((len(self._sigmas), len(_GRID)))
        vanish = np.zeros(len(self._sigmas))
        for scale, weight in zip(_SCALES, self._weights, strict=True):
            wide = np.minimum(sigmas * scale, 1.0)
            density += weight * _relative(_GRID, wide)
            # Noise as large as the leaf itself makes it vanish, too.
            vanish += weight * _erfc(1 / wide[:, 0] / sqrt(2)) / 4
        other = _ELSE / max(1, int(self._held.sum()))
        density = (1 - other) * density + other * np.exp(-_GRID / (3 * sigmas)) / (6 * sigmas) + _ELSE_EVENLY * other
        self._logs: Floats = np.log(density)
        self._log_edges = [np.log(np.maximum(rates, vanish) * AT_EDGE) for rates in self._edges]


def _spreads(away: Floats, bin_of: Ints, inside: Flags, bins: int) -> Floats:
    """Return the spread of each bin as a standard deviation, from the median; for an empty one that of the one before.

    What is gone or new is counted apart, and would only make the others look noisier.
    """
    found = np.full(bins, _LEAST_SIGMA)
    before = None
    for number in range(bins):
        here = bin_of == number
        held = away[here & inside] if (here & inside).any() else away[here]
        if len(held):
            found[number] = max(float(np.median(held)) / _MEDIAN, _LEAST_SIGMA)
        elif before is not None:
            found[number] = before
        before = found[number]
    return found


def _ordinary(down: Flags, up: Flags, leaves: Leaves) -> tuple[float, float]:
    """Return how much of the leaves that went down so far, and of those that went up, is ordinary.

    As much as is spread evenly; and as many as on the other side, unless it can be told that they are not even.
    """
    counts = int(np.count_nonzero(down)), int(np.count_nonzero(up))
    found = []
    for side, count in zip((down, up), counts, strict=True):
        even = _evenness(side, leaves) if count else None
        thinner = min(counts) / max(count, 1)
        found.append(thinner if even is None else max(even, thinner) if even >= _EVEN else even)
    return found[0], found[1]


def _evenness(chosen: Flags, leaves: Leaves) -> float | None:
    """Return how much of some leaves is spread evenly over all values of all dimensions, from 0 to 1.

    For each dimension: how often a value has them, over how often leaves of such sizes have them; of the value a
    quarter from the lowest. And no value may have many more of them than it should. None when they are too few to tell.
    """
    held = np.bincount(leaves.bin_of)
    rates = (np.bincount(leaves.bin_of[chosen], minlength=len(held)) / np.maximum(held, 1))[leaves.bin_of]
    found = None
    for column in leaves.codes.T:
        awaited = np.bincount(column, rates)
        seen = np.bincount(column[chosen], minlength=len(awaited))[awaited > 0]
        awaited = awaited[awaited > 0]
        within = float(np.minimum(seen, 2 * awaited + _TELLING).sum() / seen.sum())
        if within < _EVEN:
            return within
        if len(awaited) > 1 and awaited.mean() >= _TELLING:
            order = np.argsort(seen / awaited, kind="stable")
            so_far = np.cumsum(awaited[order])
            place = order[np.searchsorted(so_far, so_far[-1] / 4)]
            # Few leaves are uneven by chance; an error of one root is allowed for.
            quarter, likely = seen[place] / awaited[place], (seen[place] + sqrt(seen[place] + 1)) / awaited[place]
            quarter = float(likely if likely >= _EVEN else quarter)
            found = quarter if found is None else min(found, quarter)
    return found if found is None else min(found, 1.0)


def _relative(x: Floats, sigma: Floats) -> Floats:
    """Return the density of deviations when one of two amounts is the other with a relative error.

    Which of the two is not known, so both are as likely. With u the relative error, x = 2u / (2 + u) or its negative.
    """
    of_actual, of_expected = 2 * x / (2 - x), -2 * x / (2 + x)
    steep_actual, steep_expected = 4 / (2 - x) ** 2, 4 / (2 + x) ** 2
    parts = np.exp(-0.5 * (of_actual / sigma) ** 2) * steep_actual
    parts += np.exp(-0.5 * (of_expected / sigma) ** 2) * steep_expected
    found: Floats = 0.5 * parts / (sigma * sqrt(2 * pi))
    return found


def _erfc(x: Floats) -> Floats:
    """Return the complementary error function of each number."""
    return np.array([erfc(each) for each in x.tolist()])


def _falling(values: Floats, counts: Ints) -> Floats:
    """Return values pooled with their neighbours, by their counts, so that none is larger than the one before."""
    pools: list[tuple[float, float, int]] = []
    for value, count in zip(values.tolist(), np.maximum(counts, 1e-9).tolist(), strict=True):
        pools.append((value, count, 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (second, of_second, many), (first, of_first, few) = pools.pop(), pools.pop()
            whole = of_first + of_second
            pools.append(((first * of_first + second * of_second) / whole, whole, many + few))
    return np.repeat([value for value, _, _ in pools], [many for _, _, many in pools])


#: Steps of an octave in which errors are counted, from a sixteenth of the spread to a thousand times it.
_STEPS, _FIRST, _OCTAVES = 4, -16, 10
_LAST = _OCTAVES * _STEPS - _FIRST - 1
_EDGES: Floats = 2.0 ** (np.arange(_FIRST, _FIRST + _LAST + 2) / _STEPS)
_ITERATIONS = 40
#: What a mixture is before anything is seen: two leaves of the usual spread, and a trace of all others.
_PRIOR: Floats = np.where(np.arange(len(_SCALES)) == _USUAL, 2.0, 0.002)
#: Deviations at which densities are worked out; between them their logarithms are straight.
_GRID_FIRST, _GRID_STEPS = -16, 24
_GRID: Floats = np.minimum(2.0 ** (np.arange(_GRID_FIRST * _GRID_STEPS, _GRID_STEPS + 1) / _GRID_STEPS), _INSIDE)


def _beyond(scale: float) -> Floats:
    return _erfc(np.concatenate([[0.0], _EDGES[1:-1]]) / scale / sqrt(2))


#: By step and scale: how likely an error of that scale is in that step.
_LIKELIHOODS: Floats = np.stack([-np.diff(np.append(_beyond(scale), 0.0)) for scale in _SCALES], axis=1) + 1e-30
