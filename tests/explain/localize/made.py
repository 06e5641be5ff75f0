"""Tables for the tests of localize: small ones made by hand, in words."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import product

from outlay.explain.localize import Answer, Table, localize

Leaf = tuple[list[str | None], Decimal, Decimal]
DIMENSIONS = ("feature", "model", "team")


def grid(sizes: Mapping[str, int] | None = None) -> list[list[str | None]]:
    """Return every combination of some values of some dimensions; values are the dimension's letter and a number."""
    counted = sizes or {"feature": 6, "model": 5, "team": 4}
    return [list(leaf) for leaf in product(*([f"{d[0]}{n}" for n in range(many)] for d, many in counted.items()))]


def moved(factors: Mapping[str, str], *, by: str = "20") -> list[Leaf]:
    """Return the grid, every leaf as expected but for those named: `{"feature=f1": "0.5"}`; `{"": "2"}` names all."""
    found: list[Leaf] = []
    for number, leaf in enumerate(grid()):
        expected = Decimal(by) + number % 7
        actual = expected
        named = {f"{d}={v}" for d, v in zip(DIMENSIONS, leaf, strict=True)}
        for element, factor in factors.items():
            if {*element.split("&")} - {""} <= named:
                actual *= Decimal(factor)
        found.append((leaf, actual, expected))
    return found


def causes(answer: Answer) -> set[frozenset[tuple[str, str | None]]]:
    """Return the causes of an answer as sets of (dimension, value)."""
    return {frozenset(cause.element.items()) for cause in answer.causes}


def named(*elements: str) -> set[frozenset[tuple[str, str | None]]]:
    """Return elements as `causes` does: `named("feature=f1&team=t0")`."""
    return {frozenset((part.split("=")[0], part.split("=")[1]) for part in element.split("&")) for element in elements}


def asked(rows: Iterable[Leaf], dimensions: Iterable[str] = DIMENSIONS) -> Answer:
    """Ask what moved in some rows."""
    return localize(Table.of(list(dimensions), rows))
