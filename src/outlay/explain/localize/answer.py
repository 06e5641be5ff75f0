"""Answer: the causes of a difference, in amounts.

Comes in: a `Table`. Goes out: an `Answer`, whose amounts are sums of the table's own, to the last digit.
"""

# float is fine in this file: a likelihood is shown, and a deviation decides; amounts stay decimals

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np

from outlay.explain.localize.search import MOST, search
from outlay.explain.localize.table import Table

_FOUR_DIGITS = Decimal("0.0001")
_WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Cause:
    """One combination of values whose leaves moved together.

    Args:
        element: Value by dimension; empty when everything moved alike.
        kind: `combination`, or `whole` when everything moved alike.
        actual: What happened in it.
        expected: What was expected.
        change: What happened beyond what was expected.
        change_ratio: The change as a part of what was expected; None when nothing was expected.
        share_ratio: The change as a part of the change of the whole table; None when that is 0. It is negative for
            what moved against the whole.
        leaves: How many leaves it has that no surer cause explains.
        evidence: How much likelier it is a cause than not, natural logarithm, to four digits; 0 for the whole.
    """

    element: Mapping[str, str | None]
    kind: str
    actual: Decimal
    expected: Decimal
    change: Decimal
    change_ratio: Decimal | None
    share_ratio: Decimal | None
    leaves: int
    evidence: Decimal


@dataclass(frozen=True, slots=True)
class Answer:
    """What moved.

    Args:
        causes: The combinations that moved, the largest change first.
        actual: What happened, in all.
        expected: What was expected, in all.
        change: What happened beyond what was expected.
        explained: The part of the change in the leaves of causes; a leaf of two causes counts once.
        unexplained: The rest of it: noise, and what is too small to tell from noise.
        leaves: How many leaves the table has.
        dimensions: What a combination may name.
    """

    causes: Sequence[Cause]
    actual: Decimal
    expected: Decimal
    change: Decimal
    explained: Decimal
    unexplained: Decimal
    leaves: int
    dimensions: Sequence[str]


def localize(table: Table, most: int = MOST) -> Answer:
    """Return the combinations of values that carry the differences of a table.

    Args:
        table: Leaves with what happened and what was expected. A leaf where both are 0 says nothing.
        most: Of so many causes at most.

    >>> rows = [([f, m], Decimal(50 if f == "search" else 20), Decimal(20)) for f in ("search", "tags", "chat")
    ...     for m in ("m-1", "m-2", "m-3", "m-4")]
    >>> answer = localize(Table.of(["feature", "model"], rows))
    >>> [(dict(cause.element), cause.change) for cause in answer.causes], answer.unexplained
    ([({'feature': 'search'}, Decimal('120'))], Decimal('0'))
    """
    found, shared = search(table.codes, np.array(table.actual, np.float64), np.array(table.expected, np.float64), most)
    actual, expected = table.sums()
    change = _minus(actual, expected)
    causes = []
    covered = np.zeros(len(table.codes), np.bool_)
    for one in found:
        inside = np.logical_and.reduce([table.codes[:, place] == code for place, code in one.element.items()])
        covered |= inside
        element = {table.dimensions[place]: table.values[place][code] for place, code in one.element.items()}
        evidence = Decimal(one.evidence).quantize(_FOUR_DIGITS)
        sums = table.sums(np.flatnonzero(inside))
        causes.append(_cause(element, "combination", sums, change, one.leaves, evidence))
    causes.sort(key=lambda cause: (-abs(cause.change), *_sorted(cause.element)))
    explained = _minus(*table.sums(np.flatnonzero(covered)))
    if shared and not causes:
        leaves = len(table.codes)
        causes = [_cause({}, "whole", (actual, expected), change, leaves, Decimal(0))]
        explained = change
    left = _minus(change, explained)
    return Answer(causes, actual, expected, change, explained, left, len(table.codes), table.dimensions)


def _cause(
    element: Mapping[str, str | None],
    kind: str,
    sums: tuple[Decimal, Decimal],
    whole: Decimal,
    leaves: int,
    evidence: Decimal,
) -> Cause:
    change = _minus(*sums)
    ratios = _ratio(change, abs(sums[1])), _ratio(change, whole)
    return Cause(element, kind, *sums, change, *ratios, leaves, evidence)


def _minus(one: Decimal, other: Decimal) -> Decimal:
    return _WIDE.subtract(one, other)


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    if not whole:
        return None
    return _WIDE.divide(part, whole).quantize(_FOUR_DIGITS, context=_WIDE)


def _sorted(element: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(f"{name}={value or ''}" for name, value in sorted(element.items()))
