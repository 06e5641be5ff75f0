import numpy as np
import pytest

from bench.adtributor import adtributor
from bench.localize import measured, ours
from bench.planted_causes import LAYOUTS, planted

_SEED = 20
#: Layout, cases, and what F1 must not fall below. Whole evaluations are `python bench/localize.py`.
_FLOORS = [
    ("any-depth", 4, 0.8),
    ("L", 4, 0.95),
    ("B4", 4, 0.95),
    ("small", 20, 0.95),
    ("tiny", 20, 0.95),
    ("ledger", 6, 0.85),
    ("3-dimensions", 10, 0.8),
]


@pytest.mark.parametrize(("layout", "cases", "floor"), _FLOORS, ids=[layout for layout, *_ in _FLOORS])
def test_planted_causes_are_found_under_noise(layout: str, cases: int, floor: float) -> None:
    """On a fixed sample of each layout, what is named is what was planted, nearly always."""
    *_, f1, _ = measured(ours, layout, cases, _SEED)
    assert f1 >= floor


def test_adtributor_is_a_floor() -> None:
    """Our own Adtributor finds one cause of one dimension, as it was made to."""
    codes = np.array([[feature, model] for feature in range(6) for model in range(5)])
    expected = np.full(len(codes), 20.0)
    actual = np.where(codes[:, 0] == 2, 80.0, expected)
    assert adtributor(codes, actual, expected) == {frozenset({(0, 2)})}
    assert adtributor(codes, expected, expected) == set()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_makes_tables_with_causes_that_are_in_them(layout: str) -> None:
    """Amounts are finite and not negative, each leaf stands once, and every planted cause holds leaves that moved."""
    found = planted(LAYOUTS[layout], np.random.default_rng(_SEED))
    assert found.causes
    for amounts in (found.actual, found.expected):
        assert np.isfinite(amounts).all()
        assert (amounts >= 0).all()
    assert len(np.unique(found.codes, axis=0)) == len(found.codes)
    for cause in found.causes:
        inside = np.logical_and.reduce([found.codes[:, place] == value for place, value in cause])
        assert (found.actual[inside] != found.expected[inside]).any()
