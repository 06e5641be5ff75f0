"""Table: leaves with the values of their dimensions, what happened and what was expected.

Comes in: rows in any order. Goes out: a `Table`, its values as codes so that arrays can be counted with; the same one
whatever the order of rows and dimensions was.
"""

# float is fine in this file: the search weighs statistics; the amounts that are shown stay decimals

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

import numpy as np
from numpy.typing import NDArray

from outlay.errors import BadInput

Row = tuple[Sequence[str | None], Decimal, Decimal]
#: Digits that are kept when amounts are added up: those of the largest amounts, of the smallest, and of how many.
_EXACT = Context(prec=80)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """An additive table: each combination of values stands in it once, with its two amounts.

    Args:
        dimensions: Their names, in alphabetical order.
        values: The values of each dimension, by code; None is a value like any other.
        codes: Leaf by dimension.
        actual: What happened, leaf by leaf.
        expected: What was expected.
    """

    dimensions: Sequence[str]
    values: Sequence[Sequence[str | None]]
    codes: NDArray[np.int64]
    actual: Sequence[Decimal]
    expected: Sequence[Decimal]

    @classmethod
    def of(cls, dimensions: Sequence[str], rows: Iterable[Row], where: str = "the table") -> "Table":
        """Make a table of rows: values of the dimensions, actual, expected. Leaves that occur twice are added up.

        Raises:
            BadInput: There are no dimensions, one is named twice, or there are no rows.

        >>> table = Table.of(["model"], [(["m-2"], Decimal(3), Decimal(5)), (["m-2"], Decimal(4), Decimal(0))])
        >>> table.values, table.actual, table.expected
        ([['m-2']], [Decimal('7')], [Decimal('5')])
        """
        if not dimensions:
            fix = "give it a column beside the two amounts"
            raise BadInput(f"{where} has no dimension", fix=fix, code="no-dimension")
        if len(set(dimensions)) < len(dimensions):
            raise BadInput(f"{where} names a dimension twice", fix="name each one once", code="dimension-twice")
        sums: dict[tuple[str | None, ...], tuple[Decimal, Decimal]] = {}
        with localcontext(_EXACT):
            for held, actual, expected in rows:
                leaf = tuple(held)
                before = sums.get(leaf)
                sums[leaf] = (before[0] + actual, before[1] + expected) if before else (actual, expected)
        if not sums:
            raise BadInput(f"{where} has no rows", fix="give it at least one", code="empty-table")
        places = sorted(range(len(dimensions)), key=lambda place: dimensions[place])
        columns = list(zip(*sums, strict=True))
        coded = [_coded(columns[place]) for place in places]
        codes = np.stack([codes for codes, _ in coded], axis=1)
        order = np.lexsort(codes.T[::-1])
        amounts = list(sums.values())
        return cls(
            [dimensions[place] for place in places],
            [values for _, values in coded],
            codes[order],
            [amounts[leaf][0] for leaf in order],
            [amounts[leaf][1] for leaf in order],
        )

    def sums(self, leaves: NDArray[np.int64] | None = None) -> tuple[Decimal, Decimal]:
        """Return what happened and what was expected in some leaves, to the last digit; in all when None."""
        chosen = range(len(self.actual)) if leaves is None else leaves
        with localcontext(_EXACT):
            return (
                sum((self.actual[leaf] for leaf in chosen), _ZERO),
                sum((self.expected[leaf] for leaf in chosen), _ZERO),
            )


def _coded(column: Sequence[str | None]) -> tuple[NDArray[np.int64], list[str | None]]:
    """Return a column as codes, and its values by code: in order, so that codes do not depend on the rows' order."""
    held = set(column)
    values = [*([None] if None in held else []), *sorted(value for value in held if value is not None)]
    known = {value: code for code, value in enumerate(values)}
    return np.fromiter((known[value] for value in column), np.int64, len(column)), values
