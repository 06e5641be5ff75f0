"""An answer does not depend on which table it comes from."""

from collections.abc import Sequence
from datetime import date

import pytest

from outlay.explain import rows
from outlay.store import Row, Store
from outlay.terms.period import Period
from tests.engines.world import lay
from tests.laws.world import MONTH, emptied

_TWO_DAYS = Period(date(2026, 10, 5), date(2026, 10, 7))


@pytest.fixture(scope="module")
def world(shared: Store) -> Store:
    """A store with a world drawn from a seed, and its ledger; the tests only read from it."""
    emptied(shared)
    lay(shared)
    return shared


def _sorted(found: list[Row]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in found)


@pytest.mark.parametrize("by", [(), ("feature",), ("feature", "customer"), ("team", "environment")])
def test_the_ledger_of_a_month_is_the_same_from_every_table(world: Store, by: Sequence[str]) -> None:
    """A month's roll-up says what the shares themselves say."""
    own = rows.ledger(world, MONTH, by)
    told = world.rows("explain/cost_ledger", rows.bounds(MONTH), table="share", by=by)
    assert _sorted(own) == _sorted(told)
    assert own


@pytest.mark.parametrize("by", [(), ("feature",), ("user", "customer"), ("team", "environment")])
def test_the_usage_of_a_month_is_the_same_from_every_table(world: Store, by: Sequence[str]) -> None:
    """So do measures and distinct counts of usage."""
    own = [rows.usage(world, MONTH, by), rows.distinct(world, MONTH, by)]
    told = [world.rows("explain/usage", rows.bounds(MONTH), table="rollup_day", by=by), _counted(world, by)]
    assert [_sorted(found) for found in own] == [_sorted(found) for found in told]
    assert all(own)


def _counted(world: Store, by: Sequence[str]) -> list[Row]:
    """Count customers and users over the days."""
    both: dict[tuple[object, ...], Row] = {}
    for query in ("distinct_customers", "distinct_users"):
        for row in world.rows(f"explain/{query}", rows.bounds(MONTH), table="rollup_day", by=by):
            both.setdefault(tuple(row[name] for name in by), {}).update(row)
    return list(both.values())


def test_a_table_of_months_is_not_asked_about_days() -> None:
    """Part of a month, a day, or a dimension that it does not keep comes from a table that knows it."""
    assert rows.of_ledger(MONTH, ("customer",), {}) == "rollup_ledger_month"
    assert rows.of_ledger(_TWO_DAYS, ("customer",), {}) == "share"
    assert rows.of_ledger(MONTH, ("customer", "day"), {}) == "share"
    assert rows.of_ledger(MONTH, ("feature",), {"model": "m-large"}) == "rollup_ledger"
    assert rows.of_usage(MONTH, ("user",), {}) == "rollup_user_month"
    assert rows.of_usage(MONTH, ("customer",), {}) == "rollup_usage_month"
    assert rows.of_usage(_TWO_DAYS, ("user",), {}) == "rollup_day"
    assert rows.of_usage(MONTH, ("user",), {"model": "m-large"}) == "rollup_day"


@pytest.mark.parametrize("by", [(), ("feature",), ("feature", "release", "model")])
def test_two_months_asked_together_say_what_they_say_apart(world: Store, by: Sequence[str]) -> None:
    """One question about two months gives each its own rows; other periods are asked one by one."""
    before = Period.month("2026-09")
    for asked in (rows.ledger, rows.calls):
        together = rows.in_both(asked, world, (before, MONTH), by)
        apart = [row for row in asked(world, MONTH, by) if any(value is not None for value in row.values())]
        assert _sorted(together[1]) == _sorted(apart)
        assert together[1]
        assert together[0] == []
    halves = (Period(date(2026, 10, 1), date(2026, 10, 16)), Period(date(2026, 10, 16), date(2026, 11, 1)))
    assert [_sorted(found) for found in rows.in_both(rows.ledger, world, halves, by)] == [
        _sorted(rows.ledger(world, half, by)) for half in halves
    ]
