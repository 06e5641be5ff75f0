"""Adtributor (Bhagwan et al., NSDI 2014), written from the paper, as the floor for `bench/localize.py`.

It looks at one dimension at a time. A value explains the part of the whole change that its own change is, and surprises
by how much its share of the whole is another than expected (the Jensen-Shannon divergence). The most surprising values
that explain enough each are gathered until they explain enough together; the dimension that surprises most is named.
"""

from math import log

import numpy as np

from bench.planted_causes import Element, Floats, Ints

#: From the paper: what the values of a dimension have to explain together, and what each of them has to.
_TOGETHER, _EACH = 0.67, 0.1


def adtributor(codes: Ints, actual: Floats, expected: Floats) -> set[Element]:
    """Return the values of the most surprising dimension that explain the change of a table."""
    best, best_surprise = set[Element](), 0.0
    moved = actual.sum() - expected.sum()
    if not moved:
        return best
    for dimension in range(codes.shape[1]):
        happened = np.bincount(codes[:, dimension], actual)
        awaited = np.bincount(codes[:, dimension], expected)
        explains = (happened - awaited) / moved
        surprises = [
            _surprise(*shares) for shares in zip(awaited / expected.sum(), happened / actual.sum(), strict=True)
        ]
        chosen, explained, surprise = set[Element](), 0.0, 0.0
        for value in sorted(range(len(explains)), key=lambda value: -surprises[value]):
            if explains[value] > _EACH:
                chosen.add(frozenset({(dimension, value)}))
                explained += explains[value]
                surprise += surprises[value]
            if explained > _TOGETHER:
                if surprise > best_surprise:
                    best, best_surprise = chosen, surprise
                break
    return best


def _surprise(awaited: float, happened: float) -> float:
    both = awaited + happened
    parts = [part * log(2 * part / both) for part in (awaited, happened) if part > 0]
    return sum(parts) / 2
