"""Cuboids: every combination of dimensions, and within it every combination of their values, as one long list.

An *element* is one combination of values, such as feature=search and model=m-1. Elements of all cuboids stand behind
one another, so that one array holds a figure for each of them.
"""

# float is fine in this file: sums of statistics, never amounts

from dataclasses import dataclass
from itertools import combinations
from math import comb, log

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: How many leaves times cuboids may be looked at; with more dimensions the deepest combinations are left out. This
#: many take some seconds and about a gigabyte.
_MOST = 20_000_000
#: A cuboid with more possible elements than this many times its leaves is renumbered by those that occur.
_SPARSE = 4
_SMALL = 1000


@dataclass(frozen=True, slots=True)
class _Cuboid:
    """One combination of dimensions.

    Args:
        dimensions: Places of them.
        first: Where its elements begin in the list of all.
        size: How many numbers its elements have; not all of them need to occur.
        of_leaf: The element of each leaf, from 0.
        finer: The cuboid of one more dimension from which its sums are taken; None to take them from leaves.
        of_finer: The element that holds each element of that one.
    """

    dimensions: tuple[int, ...]
    first: int
    size: int
    of_leaf: Ints
    finer: "_Cuboid | None"
    of_finer: Ints | None


class Cuboids:
    """The elements over the leaves of a table that say something.

    A dimension with a single value is never named. Nor is an element that holds the same leaves as one of fewer
    dimensions: a city and its country hold what the city does.

    Args:
        codes: Leaf by dimension, of the whole table.
        known: Places of the leaves that say something. From here on, leaves are counted among these.

    >>> cuboids = Cuboids(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.arange(4))
    >>> cuboids.sums(np.array([[5.0, 0.0, 2.0, 1.0]]))
    array([[5., 3., 7., 1., 5., 0., 2., 1.]])
    >>> cuboids.named(4), cuboids.leaves(0)
    ({0: 0, 1: 0}, array([0, 1]))
    """

    def __init__(self, codes: Ints, known: Ints) -> None:
        self._codes = codes[known]
        named = [place for place in range(codes.shape[1]) if np.any(codes[:, place] != codes[0, place])]
        #: How many dimensions are combined at most.
        self.depth = _depth(len(codes), len(named))
        #: How many numbers there are for elements.
        self.size = 0
        # In a table of all combinations, more dimensions always hold less, though leaves that say nothing are missing.
        full = len(codes) == np.prod([codes[:, place].max() + 1.0 for place in named])
        of_leaf, sizes = _numbered(self._codes, named, self.depth)
        priors: list[Floats] = []
        firsts: dict[tuple[int, ...], int] = {}
        for chosen in of_leaf:
            firsts[chosen] = self.size
            self.size += sizes[chosen]
            occurs = np.bincount(of_leaf[chosen], minlength=sizes[chosen]) > 0
            # Each depth is as likely as another; so is each cuboid of a depth, and each element that occurs.
            prior = -log(self.depth) - log(comb(len(named), len(chosen))) - log(max(1, int(np.count_nonzero(occurs))))
            says_more = occurs if full else occurs & _says_more(chosen, of_leaf, sizes)
            priors.append(np.where(says_more, prior, -np.inf))
        #: By element: the logarithm of how likely it is to be a cause, before anything is known.
        self.priors: Floats = np.concatenate([*priors, np.zeros(0)])
        self._all = _in_order_of_sums(of_leaf, sizes, firsts)

    def sums(self, figures: Floats, leaves: Ints | None = None) -> Floats:
        """Return sums by element.

        Args:
            figures: What to sum: one row a figure, one column a leaf.
            leaves: The leaves that the columns are of; all when None.
        """
        found = np.empty((len(figures), self.size))
        for cuboid in self._all:
            of, summed = cuboid.of_leaf if leaves is None else cuboid.of_leaf[leaves], figures
            if leaves is None and cuboid.finer is not None and cuboid.of_finer is not None:
                of = cuboid.of_finer
                summed = found[:, cuboid.finer.first : cuboid.finer.first + cuboid.finer.size]
            for into, each in zip(found, summed, strict=True):
                into[cuboid.first : cuboid.first + cuboid.size] = np.bincount(of, each, cuboid.size)
        return found

    def leaves(self, element: int) -> Ints:
        """Return the leaves of an element."""
        cuboid = self._of(element)
        return np.flatnonzero(cuboid.of_leaf == element - cuboid.first)

    def named(self, element: int) -> dict[int, int]:
        """Return an element as code by dimension."""
        leaf = self.leaves(element)[0]
        return {dimension: int(self._codes[leaf, dimension]) for dimension in self._of(element).dimensions}

    def _of(self, element: int) -> _Cuboid:
        return next(cuboid for cuboid in self._all if cuboid.first <= element < cuboid.first + cuboid.size)


_Numbers = dict[tuple[int, ...], Ints]
_Sizes = dict[tuple[int, ...], int]


def _depth(leaves: int, dimensions: int) -> int:
    """Return how many dimensions may be combined so that the work stays within bounds."""
    cuboids = 0
    for depth in range(1, dimensions + 1):
        cuboids += comb(dimensions, depth)
        if cuboids * leaves > _MOST:
            return max(1, depth - 1)
    return dimensions


def _numbered(codes: Ints, named: list[int], most: int) -> tuple[_Numbers, _Sizes]:
    """Return the element of each leaf in each combination of dimensions, and how many numbers those have."""
    of_leaf: _Numbers = {}
    sizes: _Sizes = {}
    for depth in range(1, most + 1):
        for chosen in combinations(named, depth):
            *before, last = chosen
            values = int(codes[:, last].max()) + 1
            number, size = codes[:, last], values
            if before:
                number, size = of_leaf[tuple(before)] * values + number, sizes[tuple(before)] * values
            if size > max(_SPARSE * len(codes), _SMALL):
                occurring, number = np.unique(number, return_inverse=True)
                size = len(occurring)
            of_leaf[chosen], sizes[chosen] = number, size
    return of_leaf, sizes


def _says_more(chosen: tuple[int, ...], of_leaf: _Numbers, sizes: _Sizes) -> NDArray[np.bool_]:
    """Return of each element whether all elements with one dimension less hold more leaves."""
    own, size = of_leaf[chosen], sizes[chosen]
    found = np.ones(size, np.bool_)
    if len(chosen) > 1:
        holds = np.bincount(own, minlength=size)
        example = _examples(own, size)
        for left_out in chosen:
            coarser = tuple(place for place in chosen if place != left_out)
            whole = np.bincount(of_leaf[coarser], minlength=sizes[coarser])
            found &= holds < whole[of_leaf[coarser][example]]
    return found


def _in_order_of_sums(of_leaf: _Numbers, sizes: _Sizes, firsts: dict[tuple[int, ...], int]) -> list[_Cuboid]:
    """Return the cuboids so that each comes after the one that its sums are taken from."""
    made: dict[tuple[int, ...], _Cuboid] = {}
    for chosen in sorted(of_leaf, key=lambda chosen: (-len(chosen), chosen)):
        finer = [made[other] for other in made if len(other) == len(chosen) + 1 and {*chosen} < {*other}]
        best = min(finer, key=lambda cuboid: cuboid.size, default=None)
        own, of_finer = of_leaf[chosen], None
        if best is not None and best.size <= len(own):
            of_finer = own[_examples(best.of_leaf, best.size)]
        made[chosen] = _Cuboid(chosen, firsts[chosen], sizes[chosen], own, best, of_finer)
    return list(made.values())


def _examples(of_leaf: Ints, size: int) -> Ints:
    """Return a leaf of each element; the first for a number that does not occur."""
    found = np.zeros(size, np.int64)
    found[of_leaf] = np.arange(len(of_leaf))
    return found
