from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from outlay.errors import BadInput, UnknownName
from outlay.explain.localize import localize_change
from outlay.store import Row, Store
from outlay.terms.period import Period
from tests.explain.localize.made import causes, named
from tests.laws.world import charge, emptied, laid, published

_FIRST, _SECOND = Period.parse("2026-10-01..2026-10-08"), Period.parse("2026-10-08..2026-10-15")
_RULE = {"name": "tags", "set": {"feature": "tag:feature", "team": "tag:team", "environment": "tag:env"}}
_DIMENSIONS = ("feature", "team", "environment")


@pytest.fixture(scope="module", params=["duckdb", "clickhouse"])
def world(request: pytest.FixtureRequest, lend: Callable[[str, str], Store]) -> Store:
    """Two weeks of 60 leaves; in the second, one feature doubled and one team's test machines are gone."""
    store = lend(request.param, "world")
    emptied(store)
    charges: list[Row] = []
    for week, day in enumerate((3, 10)):
        for feature in range(5):
            for team in range(4):
                for environment in ("live", "test", "dev"):
                    cost = Decimal(10 + (feature * 7 + team * 3) % 5)
                    if week and feature == 1:
                        cost *= 2
                    elif week and team == 2 and environment == "test":
                        continue
                    tags = {"feature": f"f{feature}", "team": f"t{team}", "env": environment}
                    charges.append(charge(len(charges) + 1, cost, day=day, tags=tags, service_name="EC2"))
    laid(store, charges=charges, rules=[_RULE])
    published(store)
    return store


def test_what_moved_between_two_periods_is_found_on_both_engines(world: Store) -> None:
    """The feature that doubled and the machines that are gone, with amounts of the ledger to the last digit."""
    answer, currency = localize_change(world, _FIRST, _SECOND, _DIMENSIONS)
    assert causes(answer) == named("feature=f1", "team=t2&environment=test")
    assert currency == "USD"
    doubled = next(cause for cause in answer.causes if cause.element == {"feature": "f1"})
    assert doubled.change == doubled.expected > 0
    assert answer.explained == answer.change
    assert answer.unexplained == 0


def test_the_same_periods_have_no_causes(world: Store) -> None:
    """Against itself nothing moved."""
    answer, _ = localize_change(world, _FIRST, _FIRST, _DIMENSIONS)
    assert not answer.causes
    assert answer.change == 0


def test_a_slice_is_searched_alone(world: Store) -> None:
    """Within one feature the other's doubling is not seen."""
    answer, _ = localize_change(world, _FIRST, _SECOND, ("team", "environment"), where={"feature": "f0"})
    assert causes(answer) == named("team=t2&environment=test")


def test_periods_of_unequal_length_are_compared_by_the_day(world: Store) -> None:
    """Half a week is expected to cost half of what the week did: twice as dear by the day is what is new."""
    shorter = replace(_SECOND, first=_SECOND.first, end=Period.parse("2026-10-11..2026-10-12").first)
    same, _ = localize_change(world, _FIRST, _SECOND, _DIMENSIONS)
    answer, _ = localize_change(world, _FIRST, shorter, _DIMENSIONS)
    assert answer.actual == same.actual
    assert answer.expected == pytest.approx(same.expected * shorter.days / 7, abs=Decimal("0.000001"))


def test_dimensions_of_nobody_are_named_none(world: Store) -> None:
    """The ledger names no customer here: the default dimensions find the same, and never name what is one value."""
    answer, _ = localize_change(world, _FIRST, _SECOND)
    assert causes(answer) == named("feature=f1", "team=t2&environment=test")


def test_what_cannot_be_asked_is_refused(world: Store) -> None:
    """An unknown dimension and periods without a ledger: refused with a fix."""
    with pytest.raises(UnknownName):
        localize_change(world, _FIRST, _SECOND, ("featur",))
    with pytest.raises(BadInput) as refused:
        localize_change(world, Period.month("2019-01"), Period.month("2019-02"))
    assert refused.value.fix
