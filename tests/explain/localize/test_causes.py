from dataclasses import fields
from decimal import Context, Decimal, localcontext
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlay.errors import BadInput
from outlay.explain.localize import Answer
from outlay.explain.localize.search import search
from tests.explain.localize.made import DIMENSIONS, Leaf, asked, causes, grid, moved, named

_AMOUNT = st.one_of(
    st.just(Decimal(0)),
    st.decimals(-1000, 1000, places=2),
    st.decimals(-(10**20), 10**20, allow_nan=False, allow_infinity=False, places=6),
    st.decimals(0, 1, places=12),
)
_VALUE = st.sampled_from(["a", "b", "c", "", None])
_LEAVES = st.lists(st.tuples(st.tuples(_VALUE, _VALUE, _VALUE), _AMOUNT, _AMOUNT), min_size=1, max_size=40)


def amounts(answer: Answer) -> list[Decimal]:
    """Return every amount and ratio of an answer."""
    found = [answer.actual, answer.expected, answer.change, answer.explained, answer.unexplained]
    for cause in answer.causes:
        held = [getattr(cause, field.name) for field in fields(cause)]
        found += [value for value in held if isinstance(value, Decimal)]
    return found


@pytest.mark.parametrize(
    "factors",
    [
        {"feature=f1": "0.5"},
        {"feature=f1": "3"},
        {"team=t2": "0"},
        {"model=m4&team=t0": "1.5"},
        {"feature=f0": "0.3", "model=m1&team=t1": "2.5"},
        {"feature=f0&model=m0": "0.6", "feature=f5&team=t3": "0.6", "model=m3&team=t1": "4"},
    ],
)
def test_planted_causes_are_found_exactly(factors: dict[str, str]) -> None:
    """Without noise the causes are what was planted and nothing else: one or several, up, down, and gone."""
    answer = asked(moved(factors))
    assert causes(answer) == named(*factors)
    assert answer.unexplained == 0
    assert {cause.kind for cause in answer.causes} == {"combination"}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_single_cause_is_found_exactly(data: st.DataObject) -> None:
    """Whatever the combination and whatever its shift: without noise it is found, alone."""
    leaf = data.draw(st.sampled_from(grid()))
    chosen = data.draw(st.lists(st.sampled_from(range(3)), min_size=1, max_size=2, unique=True))
    factor = data.draw(st.sampled_from(["0", "0.2", "0.5", "0.8", "1.25", "2", "10"]))
    element = "&".join(sorted(f"{DIMENSIONS[place]}={leaf[place]}" for place in chosen))
    assert causes(asked(moved({element: factor}))) == named(element)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.permutations(range(3)))
def test_the_order_of_rows_and_dimensions_does_not_matter(chance: Random, order: list[int]) -> None:
    """Shuffled lines and columns give the same answer, to the last digit."""
    rows = noisy()
    usual = asked(rows)
    chance.shuffle(rows)
    mixed = [([leaf[place] for place in order], actual, expected) for leaf, actual, expected in rows]
    assert asked(mixed, [DIMENSIONS[place] for place in order]) == usual


@pytest.mark.parametrize("factor", ["0.000001", "0.01", "0.3", "7", "1000", "1e12"])
def test_the_unit_of_the_amounts_does_not_matter(factor: str) -> None:
    """Dollars or cents, ones or millions: the causes are the same."""
    scaled = [(leaf, actual * Decimal(factor), expected * Decimal(factor)) for leaf, actual, expected in noisy()]
    assert causes(asked(scaled)) == causes(asked(noisy())) == named("feature=f1", "model=m2&team=t0")


def noisy() -> list[Leaf]:
    """Return two causes under noise of some percent."""
    chance = Random(7)
    rows = moved({"feature=f1": "0.5", "model=m2&team=t0": "2"})
    return [(leaf, round(actual * Decimal(chance.gauss(1, 0.04)), 4), expected) for leaf, actual, expected in rows]


@settings(max_examples=40, deadline=None)
@given(_LEAVES)
def test_any_table_has_an_answer(rows: list[Leaf]) -> None:
    """Credits, zeros, huge and tiny amounts, nobody's values, combinations that occur twice: never a NaN."""
    answer = asked(rows)
    assert all(amount.is_finite() for amount in amounts(answer))
    with localcontext(Context(prec=80)):
        assert answer.explained + answer.unexplained == answer.change == answer.actual - answer.expected
        assert answer.actual == sum(actual for _, actual, _ in rows)
    assert asked(rows) == answer


def test_leaves_of_one_size_are_no_obstacle() -> None:
    """When every leaf was expected to be 20, the order of the table says nothing about noise."""
    chance = Random(11)
    rows: list[Leaf] = [
        (leaf, round(Decimal(chance.gauss(20, 1)) * (3 if leaf[0] == "f1" else 1), 4), Decimal(20))
        for leaf in grid({"feature": 20, "model": 10, "team": 6})
    ]
    assert causes(asked(rows)) == named("feature=f1")


def test_nothing_moved_has_no_causes() -> None:
    """A table in which everything is as expected has no cause, and nothing to explain."""
    answer = asked(moved({}))
    assert not answer.causes
    assert answer.change == answer.unexplained == 0


@pytest.mark.parametrize("factor", ["0.5", "1.1", "4"])
def test_everything_moved_alike_is_the_whole(factor: str) -> None:
    """One cause that names nothing, of a kind of its own, which explains all of the change."""
    answer = asked(moved({"": factor}))
    (cause,) = answer.causes
    assert not cause.element
    assert cause.kind == "whole"
    assert cause.share_ratio == 1
    assert answer.explained == answer.change
    assert answer.unexplained == 0


def test_what_moved_against_everything_is_found() -> None:
    """Everything grew by a tenth, one feature fell: that feature is the cause."""
    assert causes(asked(moved({"": "1.1", "feature=f3": "0.5"}))) == named("feature=f3")


def test_noise_alone_has_no_causes() -> None:
    """Errors of a tenth on every leaf are no cause of anything."""
    chance = Random(3)
    rows = [(leaf, round(amount * Decimal(chance.gauss(1, 0.1)), 4), amount) for leaf, amount, _ in moved({})]
    assert asked(rows).causes == []


def test_what_is_new_and_what_is_gone_is_found() -> None:
    """Expected nothing and got something, or the other way round: both are causes, with the ratios that exist."""
    new = [(leaf, actual, Decimal(0) if leaf[0] == "f2" else actual) for leaf, actual, _ in moved({})]
    rows = [
        (leaf, Decimal(0) if leaf[2] == "t3" and leaf[0] != "f2" else actual, wanted) for leaf, actual, wanted in new
    ]
    answer = asked(rows)
    (came,) = [cause for cause in answer.causes if cause.element == {"feature": "f2"}]
    assert came.expected == 0
    assert came.change_ratio is None
    (left,) = [cause for cause in answer.causes if cause.element == {"team": "t3"}]
    assert left.change < 0


def test_credits_that_grew_are_found() -> None:
    """Amounts below zero are compared by how far they moved: twice the credit is twice."""
    rows = [(leaf, -actual, -expected) for leaf, actual, expected in moved({"team=t1": "2"})]
    answer = asked(rows)
    assert causes(answer) == named("team=t1")
    assert answer.causes[0].change < 0
    assert answer.causes[0].change_ratio == -1


def test_a_combination_that_occurs_twice_is_added_up() -> None:
    """Two lines of half the amount are one line of the whole."""
    rows = moved({"feature=f1": "0.5"})
    halves = [(leaf, actual / 2, expected / 2) for leaf, actual, expected in rows]
    assert asked([*halves, *halves]) == asked(rows)


def test_what_says_nothing_is_not_named() -> None:
    """A dimension with one value, and one that follows from another, are not named: the shorter name says it all."""
    rows = [
        ([*leaf, "only", {"t0": "east"}.get(leaf[2] or "", "west")], actual, expected)
        for leaf, actual, expected in moved({"team=t1": "0.4", "feature=f0&team=t0": "3"})
    ]
    answer = asked(rows, [*DIMENSIONS, "company", "region"])
    assert causes(answer) in (named("team=t1", "feature=f0&team=t0"), named("team=t1", "feature=f0&region=east"))


@pytest.mark.parametrize(
    ("rows", "dimensions"),
    [
        ([], DIMENSIONS),
        ([([], Decimal(1), Decimal(1))], ()),
        ([(["a", "b"], Decimal(1), Decimal(1))], ("feature", "feature")),
    ],
)
def test_what_is_no_table_is_refused(rows: list[Leaf], dimensions: tuple[str, ...]) -> None:
    """No rows, no dimensions, a dimension twice: refused with a fix."""
    with pytest.raises(BadInput) as refused:
        asked(rows, dimensions)
    assert refused.value.fix


def test_one_row_and_all_zeros_are_tables() -> None:
    """One row can only have moved as a whole; where everything is 0, nothing moved."""
    (cause,) = asked([(["f1", "m1", "t1"], Decimal(3), Decimal(2))]).causes
    assert cause.kind == "whole"
    assert asked([(leaf, Decimal(0), Decimal(0)) for leaf in grid()]).causes == []


def test_a_dimension_with_two_hundred_thousand_values_is_searched() -> None:
    """One customer of 200,000 left, and one of three models doubled: both are found."""
    customer = np.arange(200_000)
    model = customer % 3
    expected = (10 + customer % 13).astype(np.float64)
    actual = np.where(model == 1, 2 * expected, expected)
    actual[77_778] = 0
    found, _ = search(np.stack([customer, model], axis=1), actual, expected)
    assert sorted(list(one.element.items()) for one in found) == [[(0, 77_778)], [(1, 1)]]
