"""Tables with planted causes, in the manner of the paper on RiskLoc (arXiv 2205.10004) and of the one on Squeeze.

`LAYOUTS` holds theirs by their names, and others that are harder in one way each. A cause scales what happened, or
what was expected, in all leaves of one combination of values by 1 - severity; everything else is off by noise.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Element = frozenset[tuple[int, int]]
Span = tuple[float, float]
_TRIES = 200


@dataclass(frozen=True, slots=True)
class Layout:
    """What tables are like. A span is what a figure of each table is drawn from, evenly.

    Args:
        values: How many values each dimension has.
        kept: How much of all combinations of values is in the table.
        zeros: How many leaves are 0 on both sides.
        sizes: What leaves are like: `weibull` as in the paper, or `zipf`: every value of a dimension has a weight.
        shape: Of the Weibull distribution; the smaller, the more leaves differ.
        noise: Relative error of a leaf that no cause moves.
        error: What noise is: `either` side has a normal one, as in the paper; `lognormal`; `heavy` (Student's t with
            3 degrees of freedom); `some` leaves only, a third; `counts`: what happened is a Poisson count;
            `both counts`: what was expected is the mean of four earlier ones.
        bias: Relative error that all leaves share.
        churn: How many leaves are new or gone, as many of these as of those, without a cause.
        causes: How many, with different dimensions each.
        elements: How many combinations of values for each of them.
        deepest: Whether causes name every dimension.
        depth: How many dimensions a cause names at most; 0 for all.
        severity: Of a cause, besides the noise.
        deviation: How much the leaves of one cause differ in severity.
        alike: Whether all causes name the same dimensions and have the same severity, as in the paper on Squeeze.
        both_ways: Whether causes go up and down at once.
        noisy: Whether leaves that a cause moves are off by noise as well.
        apart: Whether no two causes may share a value of a dimension.
        least: How large a part of the whole table a cause has to hold, so that it could be seen at all.
        whole_numbers: Whether amounts are whole numbers.
    """

    values: tuple[int, ...] = (10, 12, 10, 8, 5)
    kept: float = 1.0
    zeros: Span = (0.0, 0.25)
    sizes: str = "weibull"
    shape: Span = (0.5, 1.0)
    noise: Span = (0.0, 0.25)
    error: str = "either"
    bias: Span = (0.0, 0.0)
    churn: Span = (0.0, 0.0)
    causes: tuple[int, int] = (1, 5)
    elements: tuple[int, int] = (1, 1)
    deepest: bool = False
    depth: int = 0
    severity: Span = (0.2, 1.0)
    deviation: Span = (0.0, 0.1)
    alike: bool = False
    both_ways: bool = False
    noisy: bool = False
    apart: bool = True
    least: float = 0.0
    whole_numbers: bool = False


_PAPER = Layout()
_SQUEEZE = Layout(
    (12, 15, 10, 12), zeros=(0, 0.2), elements=(1, 3), causes=(1, 1), depth=3, deviation=(0, 0), alike=True, noisy=True
)
_LEDGER = Layout((12, 40, 8, 5, 3), kept=0.15, sizes="zipf", depth=3, both_ways=True, noisy=True, least=0.0005)
#: S, L and H are the paper's, B0 to B4 as in the one on Squeeze. S is also shown with the 1 to 5 causes of one
#: element each (`any-depth`), which is harder.
LAYOUTS: dict[str, Layout] = {
    "any-depth": _PAPER,
    "S": replace(_PAPER, causes=(1, 3), elements=(1, 3)),
    "L": replace(_PAPER, values=(10, 24, 10, 15), noise=(0, 0.1), severity=(0.5, 1), deviation=(0, 0), deepest=True),
    "H": replace(_PAPER, values=(10, 5, 25, 10, 4, 6), causes=(1, 3), elements=(1, 3), kept=0.2),
    "B0": replace(_SQUEEZE, noise=(0, 0.02)),
    "B1": replace(_SQUEEZE, noise=(0.02, 0.05)),
    "B2": replace(_SQUEEZE, noise=(0.05, 0.08)),
    "B3": replace(_SQUEEZE, noise=(0.08, 0.11)),
    "B4": replace(_SQUEEZE, noise=(0.11, 0.15)),
    "both-ways": replace(_PAPER, both_ways=True),
    "noisy-causes": replace(_PAPER, both_ways=True, noisy=True),
    "half-zeros": replace(_PAPER, zeros=(0.25, 0.5)),
    "weak": replace(_PAPER, severity=(0.1, 0.4)),
    "overlapping": replace(_PAPER, apart=False, both_ways=True),
    "biased": replace(_PAPER, bias=(-0.2, 0.2), noisy=True),
    "whole-numbers": replace(_PAPER, whole_numbers=True),
    "lognormal": replace(_PAPER, error="lognormal", noisy=True, both_ways=True),
    "heavy": replace(_PAPER, error="heavy", noise=(0, 0.15), noisy=True, both_ways=True),
    "some": replace(_PAPER, error="some", noisy=True),
    "3-dimensions": replace(_PAPER, values=(20, 15, 10), noisy=True),
    "7-dimensions": replace(_PAPER, values=(6, 5, 5, 4, 4, 3, 2), noisy=True),
    "small": replace(_PAPER, values=(6, 5, 4), causes=(1, 2), depth=2, noise=(0, 0.1), severity=(0.3, 1)),
    "tiny": replace(_PAPER, values=(4, 3), causes=(1, 1), depth=1, noise=(0, 0.05), severity=(0.4, 1), zeros=(0, 0)),
    "ledger": replace(_LEDGER, error="lognormal"),
    "ledger-heavy": replace(_LEDGER, error="heavy", noise=(0, 0.15)),
    "ledger-biased": replace(_LEDGER, error="lognormal", bias=(-0.2, 0.2)),
    "ledger-churning": replace(_LEDGER, error="lognormal", churn=(0.05, 0.3), severity=(0.4, 1.3)),
    "counts": replace(_LEDGER, error="counts", severity=(0.4, 1), shape=(2, 40)),
    "both-counts": replace(_LEDGER, error="both counts", severity=(0.4, 1), shape=(2, 40)),
    "minute-counts": replace(
        _LEDGER,
        values=(8, 9, 8, 3),
        kept=0.25,
        error="both counts",
        severity=(0.6, 1),
        shape=(1, 20),
        causes=(1, 2),
        least=0.02,
    ),
}


@dataclass(frozen=True, slots=True)
class Planted:
    """One table, and what was planted.

    Args:
        codes: Leaf by dimension.
        actual: What happened.
        expected: What was expected.
        causes: Elements, each as (dimension, value).
    """

    codes: Ints
    actual: Floats
    expected: Floats
    causes: set[Element]


def planted(layout: Layout, chance: np.random.Generator) -> Planted:
    """Draw one table."""
    codes = np.stack(np.unravel_index(np.arange(np.prod(layout.values)), layout.values), axis=1).astype(np.int64)
    if layout.kept < 1:
        codes = codes[chance.random(len(codes)) < layout.kept]
    size = _sizes(layout, codes, chance)
    noise = chance.uniform(*layout.noise)
    actual, expected = _off(layout, size, noise, chance)
    actual = actual * (1 + chance.uniform(*layout.bias))
    if layout.churn[1]:
        churn, drawn = chance.uniform(*layout.churn), chance.random(len(size))
        actual, expected = np.where(drawn < churn / 2, 0, actual), np.where(drawn > 1 - churn / 2, 0, expected)
    down = bool(actual.sum() <= expected.sum())
    causes: set[Element] = set()
    for members in _groups(layout, codes, actual, expected, chance):
        severity = chance.uniform(*layout.severity) + (0 if layout.noisy else noise)
        inside = np.logical_or.reduce([_inside(codes, element) for element in members])
        factor = np.maximum(1 - chance.normal(severity, chance.uniform(*layout.deviation), np.sum(inside)), 0)
        downwards = bool(chance.integers(2)) if layout.both_ways else down
        less, more = (actual, expected) if downwards else (expected, actual)
        if "counts" in layout.error:
            actual[inside] = chance.poisson(size[inside] * (factor if downwards else 1 / np.maximum(factor, 0.2)))
        elif layout.noisy:
            less[inside] *= factor
        else:
            less[inside] = more[inside] * factor
        causes.update(members)
    if layout.whole_numbers:
        actual, expected = np.rint(actual), np.rint(expected)
    return Planted(codes, actual, expected, causes)


def _sizes(layout: Layout, codes: Ints, chance: np.random.Generator) -> Floats:
    shape = chance.uniform(*layout.shape)
    if layout.sizes == "weibull":
        return chance.weibull(shape, len(codes)) * 100 * (chance.random(len(codes)) >= chance.uniform(*layout.zeros))
    weight = np.ones(len(codes))
    for place, values in enumerate(layout.values):
        weight *= (chance.pareto(1.5, values) + 0.05)[codes[:, place]]
    return weight / np.median(weight) * shape


def _off(layout: Layout, size: Floats, noise: float, chance: np.random.Generator) -> tuple[Floats, Floats]:
    """Return what happened and what was expected where no cause is at work."""
    if layout.error == "counts":
        return chance.poisson(size).astype(np.float64), size.copy()
    if layout.error == "both counts":
        return chance.poisson(size).astype(np.float64), chance.poisson(size * 4) / 4
    drawn = chance.standard_t(3, len(size)) if layout.error == "heavy" else chance.normal(0, 1, len(size))
    if layout.error == "some":
        drawn *= chance.random(len(size)) < 1 / 3
    if layout.error == "lognormal":
        return size * np.exp(noise * drawn), size.copy()
    off = np.maximum(size * (1 + noise * drawn), 0)
    actual_is_off = chance.random(len(size)) < 0.5  # noqa: PLR2004 - either side
    return np.where(actual_is_off, off, size), np.where(actual_is_off, size, off)


def _groups(
    layout: Layout, codes: Ints, actual: Floats, expected: Floats, chance: np.random.Generator
) -> list[list[Element]]:
    """Return the elements of each cause; fewer where the table has no room for all."""
    found: list[list[Element]] = []
    for _ in range(chance.integers(layout.causes[0], layout.causes[1] + 1)):
        for _ in range(_TRIES):
            members = _drawn(layout, codes, chance)
            if _fits(layout, members, found, (codes, actual, expected)):
                found.append(members)
                break
    return found


def _drawn(layout: Layout, codes: Ints, chance: np.random.Generator) -> list[Element]:
    dimensions = len(layout.values)
    depth = dimensions if layout.deepest else int(chance.integers(1, (layout.depth or dimensions) + 1))
    chosen = sorted(chance.choice(dimensions, depth, replace=False).tolist())
    count = int(chance.integers(layout.elements[0], layout.elements[1] + 1))
    leaves = codes[chance.integers(0, len(codes), count)]
    return [frozenset((place, int(leaf[place])) for place in chosen) for leaf in leaves]


def _fits(
    layout: Layout, members: list[Element], before: list[list[Element]], table: tuple[Ints, Floats, Floats]
) -> bool:
    codes, actual, expected = table
    dimensions = {place for place, _ in members[0]}
    if len(set(members)) < len(members):
        return False
    for others in before:
        same = dimensions == {place for place, _ in others[0]}
        if (same and len(dimensions) < len(layout.values)) or set(members) & set(others):
            return False
        if layout.apart and frozenset.union(*members) & frozenset.union(*others):
            return False
    both = (actual + expected) / 2
    for element in members:
        inside = _inside(codes, element)
        if not (actual[inside] * expected[inside]).any() or both[inside].sum() < layout.least * both.sum():
            return False
    return True


def _inside(codes: Ints, element: Element) -> Flags:
    found: Flags = np.logical_and.reduce([codes[:, place] == value for place, value in element])
    return found
