"""Search: the elements whose leaves moved together, beyond what noise does, one after another.

For every element there are two stories. Either its leaves are ordinary; or they share one shift that is not theirs by
chance. The second is the better one when it makes what was seen more likely by more than the number of elements one
could have named instead. The best element is a cause, its leaves are explained, and what is left is looked at again,
with a better idea of what is ordinary each time.
"""

# float is fine in this file: likelihoods of relative deviations, never amounts

from dataclasses import dataclass
from math import log, pi

import numpy as np
from numpy.typing import NDArray

from outlay.explain.localize.cuboids import Cuboids
from outlay.explain.localize.noise import AT_EDGE, EDGE, Leaves, Noise, bins_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Causes that are looked for at most; more than a person would read.
MOST = 40
#: Some three causes are awaited in a table that has any.
_AWAITED = log(3)
#: How often what is ordinary is learnt anew from what the causes found so far leave over.
_ROUNDS = 4
#: The evidence from which on leaves of a cause are not learnt from.
_SURE = 5.0
#: By how much everything has to move for that to be looked at, and how much likelier that has to make the table.
_LEAST_CENTRE, _CENTRE_COSTS = 0.01, 5.0
#: How much leaves of one cause may differ in their shift, tried one by one.
_WIDTHS: Floats = np.array([0.01, 0.02, 0.04, 0.08, 0.16, 0.32])[:, np.newaxis]
_LOG_2PI = log(2 * pi)
#: Shifts go from -2 to 2.
_SHIFTS = 4
#: How many causes make all of their leaves vanish or appear.
_OF_EDGES = 0.2
#: From this density on, leaves of a size come and go too often to say something; they weigh nothing, nearly.
_COMMON, _NO_WEIGHT = log(0.02 * AT_EDGE), 1e-9
#: Digits of a deviation that count; the next ones depend on the order in which binary fractions were rounded.
_DIGITS = 12
#: Fewer leaves than this is none: counts are sums of binary fractions, too.
_NONE = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """One element whose leaves moved together.

    Args:
        element: Code by dimension.
        leaves: How many leaves it has that no stronger cause explains.
        evidence: How much likelier it is a cause than not, natural logarithm.
    """

    element: dict[int, int]
    leaves: int
    evidence: float


def search(codes: Ints, actual: Floats, expected: Floats, most: int = MOST) -> tuple[list[Found], float]:
    """Return the elements that carry the differences of a table, the surest first, and how far all else moved.

    Args:
        codes: Leaf by dimension, each leaf once; values are numbered from 0.
        actual: What happened, leaf by leaf, finite.
        expected: What was expected. A leaf where both are 0 says nothing.
        most: Of so many elements at most.

    Returns:
        The elements, and the deviation (see `noise`) that all other leaves share; 0 when they share none.

    >>> codes = np.array([[feature, model] for feature in range(3) for model in range(4)])
    >>> (found,), shared = search(codes, np.where(codes[:, 0] == 2, 50.0, 20.0), np.full(12, 20.0))
    >>> found.element, found.leaves, shared
    ({0: 2}, 4, 0.0)
    """
    both = (np.abs(actual) + np.abs(expected)) / 2
    known = np.flatnonzero(both > 0)
    if not len(known):
        return [], 0.0
    deviation = np.round((actual - expected)[known] / both[known], _DIGITS)
    size = both[known]
    # Only proportions count, so that the unit of the amounts does not.
    size = np.maximum(np.round(size / size.max(), _DIGITS), 10.0**-_DIGITS)
    cuboids = Cuboids(codes, known)
    best = _best(cuboids, Leaves(deviation, bins_of(size), codes[known]), most)
    return [Found(cuboids.named(element), len(held), evidence) for element, held, evidence in best.found], best.centre


@dataclass(frozen=True, slots=True)
class _Story:
    """One explanation of a whole table.

    Args:
        likelihood: How likely the table is with it, natural logarithm.
        centre: By how much everything moved together.
        found: Element, the leaves that it explains, and its evidence; the surest first.
    """

    likelihood: float
    centre: float
    found: list[tuple[int, Ints, float]]


def _best(cuboids: Cuboids, leaves: Leaves, most: int) -> _Story:
    """Return the likeliest explanation: nothing moved as a whole, or everything that is no cause moved alike."""
    best = _story(cuboids, leaves, most, 0.0)
    ordinary = _not_explained(leaves, best)
    tried = [ordinary] if ordinary.any() else []
    if 2 * np.count_nonzero(ordinary) < len(ordinary):
        tried.append(np.ones_like(ordinary))
    for chosen in tried:
        centre = float(np.median(leaves.deviation[chosen]))
        if abs(centre) > _LEAST_CENTRE:
            story = _story(cuboids, leaves, most, centre)
            if story.likelihood - _CENTRE_COSTS > best.likelihood:
                best = story
    return best


def _story(cuboids: Cuboids, leaves: Leaves, most: int, centre: float) -> _Story:
    """Return the likeliest explanation in which everything that is no cause moved by `centre`."""
    bins = int(leaves.bin_of.max()) + 1
    story = _explained(cuboids, Noise(leaves, bins, centre), leaves, most)
    for _ in range(_ROUNDS - 1):
        ordinary = _not_explained(leaves, story)
        if ordinary.all() or not ordinary.any():
            break
        rest = leaves.of(ordinary)
        if centre:
            centre = float(np.median(rest.deviation))
        before = [element for element, *_ in story.found]
        story = _explained(cuboids, Noise(rest, bins, centre), leaves, most)
        if [element for element, *_ in story.found] == before:
            break
    return story


def _not_explained(leaves: Leaves, story: _Story) -> NDArray[np.bool_]:
    """Return the leaves to learn from: those of unsure causes, too, or what is rare would be learnt to be nothing."""
    found = np.ones(len(leaves.deviation), np.bool_)
    for _, explained, evidence in story.found:
        if evidence > _SURE:
            found[explained] = False
    return found


def _explained(cuboids: Cuboids, noise: Noise, leaves: Leaves, most: int) -> _Story:
    variance, away = noise.variance(leaves), leaves.deviation - noise.centre
    ordinary = noise.log_density(leaves)
    # Small leaves that come and go all the time say nothing about a shift: both stories are as likely.
    common = (np.abs(leaves.deviation) > EDGE) & (ordinary > _COMMON)
    weight = np.where(common, _NO_WEIGHT, 1 / variance)
    log_variance = np.where(common, -2 * ordinary - _LOG_2PI, np.log(variance))
    figures = np.stack(
        [
            *(np.ones(len(away)), away, away * away, ordinary),
            *(weight, away * weight, away * away * weight, log_variance),
        ]
    )
    figures[:, noise.says_nothing(leaves)] = 0
    sums = cuboids.sums(figures)
    open_ = np.ones(len(away), np.bool_)
    likelihood = float(ordinary.sum())
    found: list[tuple[int, Ints, float]] = []
    while cuboids.size and len(found) < most:
        evidence, gain = _evidence(sums, cuboids.priors, noise)
        element = int(np.argmax(evidence))
        if evidence[element] <= 0:
            break
        likelihood += float(gain[element])
        explained = cuboids.leaves(element)
        explained = explained[open_[explained]]
        found.append((element, explained, float(evidence[element])))
        open_[explained] = False
        sums -= cuboids.sums(figures[:, explained], explained)
    return _Story(likelihood, noise.centre, found)


def _evidence(sums: Floats, priors: Floats, noise: Noise) -> tuple[Floats, Floats]:
    """Return by element how much likelier a shift of its own is than noise, less what its naming costs.

    Two measures must agree: the likelihood of all its leaves, and how many standard errors its mean is away from 0.
    The first alone would take leaves for a cause that are merely less, or more, noisy than thought.

    Returns:
        The lesser of the two, by which causes are chosen; and the likelihood, by which explanations are compared.
    """
    evidence = np.full(sums.shape[1], -np.inf)
    gain = np.zeros(sums.shape[1])
    leaves, total, _, _, weight, shift, *_ = sums
    standing = 0.5 * shift * shift / np.maximum(weight, _NO_WEIGHT) + priors + _AWAITED
    # Where all leaves came or went, there is no mean to be off.
    at_edge = np.abs(total + noise.centre * leaves) > EDGE * leaves
    standing[at_edge] = np.inf
    chosen = np.flatnonzero((leaves > _NONE) & (np.abs(shift) >= noise.least_shift * weight) & (standing > 0))
    if len(chosen):
        shifted = _of_a_shift(sums[:, chosen], at_edge[chosen])
        gain[chosen] = shifted - sums[3, chosen] + priors[chosen] + _AWAITED
        evidence[chosen] = np.minimum(gain[chosen], standing[chosen])
    return evidence, gain


def _of_a_shift(sums: Floats, at_edge: NDArray[np.bool_]) -> Floats:
    """Return the logarithm of how likely leaves are that share a shift, whatever it is.

    Any shift is as likely as another. What leaves differ by is one of `_WIDTHS`, or their ordinary noise.
    """
    leaves, total, squares, _, weight, weighted, weighted_squares, log_variances = sums
    weight = np.maximum(weight, _NO_WEIGHT)  # what is left after others were taken out may be a little below 0
    spread = np.maximum(squares - total * total / leaves, 0)
    log_widths = _LOG_2PI + 2 * np.log(_WIDTHS)
    alike = -leaves / 2 * log_widths - spread / (2 * _WIDTHS**2) + 0.5 * (log_widths - np.log(leaves))
    left = np.maximum(weighted_squares - weighted * weighted / weight, 0)
    noisy = -leaves / 2 * _LOG_2PI - log_variances / 2 - left / 2 + 0.5 * (_LOG_2PI - np.log(weight))
    stories = np.vstack([alike, noisy])
    best = stories.max(axis=0)
    found: Floats = best + np.log(np.exp(stories - best).mean(axis=0)) - log(_SHIFTS)
    return np.where(at_edge, np.maximum(found, leaves * log(AT_EDGE) + log(_OF_EDGES)), found)
