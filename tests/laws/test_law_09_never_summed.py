from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given

from outlay.explain import rows
from outlay.explain.change import change
from outlay.explain.cost import costs, coverage
from outlay.explain.unit_cost import customers, features, models, users
from outlay.store import Row, Store
from outlay.terms.money import EXACT
from outlay.terms.period import Period
from tests.laws.guesses import bills, events, few
from tests.laws.world import MONTH, charge, emptied, event, laid, model_charge, published, read, total

_RATIO = Decimal("0.0001")


def lay(store: Store) -> None:
    """One customer and one user in two features on two days: everything distinct overlaps."""
    emptied(store)
    who: dict[str, Any] = {"customer": "acme", "user": "u1"}
    laid(
        store,
        charges=[model_charge(1, "4", day=5), model_charge(2, "6", day=6), charge(3, "10", day=6)],
        usage=[
            event(1, day=5, feature="chat", **who),
            event(2, day=6, feature="search", **who),
            event(3, day=6, feature="search", customer="zeta", user="u2", input=900),
        ],
    )
    published(store)


@pytest.fixture(scope="module", params=["duckdb", "clickhouse"])
def world(request: pytest.FixtureRequest, lend: Callable[[str, str], Store]) -> Store:
    """That world, laid and published once on each engine; the tests only read from it."""
    store = lend(request.param, "world")
    lay(store)
    return store


def distinct(store: Store, *by: str, period: Period = MONTH) -> list[Row]:
    """Ask how many customers and users there were."""
    return rows.distinct(store, period, by)


def test_distinct_counts_are_asked_anew_for_every_total(world: Store) -> None:
    """Features count 1 + 2 customers and days 1 + 2, but there are two in all."""
    by_feature = {row["feature"]: (row["customers"], row["users"]) for row in distinct(world, "feature")}
    assert by_feature == {"chat": (1, 1), "search": (2, 2)}
    assert [row["customers"] for row in distinct(world)] == [2]
    assert sum(cast(int, row["customers"]) for row in distinct(world, "day")) == 3
    answer = cast(list[dict[str, Any]], features(world, MONTH)["rows"])
    assert {row["feature"]: row["customers"] for row in answer if row["feature"]} == {"chat": 1, "search": 2}
    assert users(world, MONTH)["users"] == 2


def test_a_unit_cost_is_made_from_the_sums(world: Store) -> None:
    """Cost per call of the whole is whole cost by all calls, which is neither sum nor mean of the features' own."""
    rows = cast(list[dict[str, Any]], features(world, MONTH)["rows"])
    for row in rows:
        if row["calls"]:
            assert row["cost_per_call"] == EXACT.divide(row["amount"], Decimal(row["calls"])).quantize(Decimal("1e-12"))
        else:
            assert row["cost_per_call"] is None, "nothing was called, so there is no cost per call; not zero"
    assert len({row["cost_per_call"] for row in rows}) == len(rows)


def test_coverage_is_a_ratio_of_sums(world: Store) -> None:
    """Half of the month's dollars name a feature, although all of one day's do and none of another slice's."""
    ratios = [
        cast(dict[str, Any], coverage(world, period, where)["coverage"])["feature"]
        for period, where in (
            (MONTH, {}),
            (Period.parse("2026-10-05"), {}),
            (Period.parse("2026-10-06"), {}),
            (MONTH, {"provider": "AWS"}),
            (Period.parse("2026-10-20"), {}),
        )
    ]
    assert ratios == [Decimal("0.5"), Decimal(1), Decimal("0.375"), Decimal(0), None]


def test_margins_of_all_are_not_the_sum_of_margins_of_each(shared: Store) -> None:
    """A margin ratio comes from the customer's own cost and revenue; without revenue there is none."""
    lay(shared)
    taken = {"take_in": "bill", "file": 1, "line": 1, "month": MONTH.first, "kind": "subscription", "currency": "USD"}
    shared.insert("revenue", [{**taken, "customer": "acme", "amount": Decimal(100)}])
    rows = {row["customer"]: row for row in cast(list[dict[str, Any]], customers(shared, MONTH)["rows"])}
    acme, zeta = rows["acme"], rows["zeta"]
    assert acme["margin_ratio"] == EXACT.divide(100 - acme["amount"], Decimal(100)).quantize(_RATIO)
    assert (zeta["revenue"], zeta["margin"], zeta["margin_ratio"]) == (None, None, None)
    assert "no revenue is known" in zeta["reason"]


def test_the_verdict_counts_people_of_the_whole_period(world: Store) -> None:
    """Customers in the argument are those of the period, not the sum of its days."""
    found = change(
        world, Period.parse("2026-10-05"), Period.parse("2026-10-06..2026-10-09"), where={"feature": "search"}
    )
    assert found["before"] == {"period": "2026-10-05..2026-10-06", "amount": 0}
    model = cast(list[dict[str, Any]], models(world, MONTH)["rows"])
    assert model[0]["cost_per_million_tokens"] == EXACT.divide(
        model[0]["amount"] * 1_000_000, Decimal(model[0]["tokens"])
    ).quantize(Decimal("1e-12"))


@given(bill=bills(), used=events())
@few(8)
def test_every_total_is_the_sum_of_money_and_every_count_is_recounted(
    duck: Store, bill: list[Row], used: list[Row]
) -> None:
    """Over random worlds: money adds up over any dimension; people are what a plain set of them has."""
    emptied(duck)
    laid(duck, charges=bill, usage=used)
    published(duck)
    whole = cast(dict[str, Any], costs(duck, MONTH, []))["totals"]
    for by in (["feature"], ["team", "user"], ["day"], ["provider", "state"]):
        answer = cast(dict[str, Any], costs(duck, MONTH, by))
        assert answer["totals"] == whole
        assert {c: total(r for r in answer["rows"] if r["currency"] == c) for c in whole} == whole
    seen = read(duck, 'SELECT feature, customer, "user" FROM estimate')
    for row in distinct(duck, "feature"):
        of_feature = [one for one in seen if one["feature"] == row["feature"]]
        assert row["customers"] == len({one["customer"] for one in of_feature} - {None})
        assert row["users"] == len({one["user"] for one in of_feature} - {None})
