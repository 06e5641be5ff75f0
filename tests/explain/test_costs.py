from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import pytest

from outlay.errors import BadInput, UnknownName
from outlay.explain.activity import failures, heatmap, trace
from outlay.explain.cost import costs
from outlay.explain.unit_cost import customers, models, users
from outlay.store import Store
from outlay.terms.period import Period
from tests.laws.world import MONTH, TAKEN, charge, committed, emptied, event, laid, model_charge, published

Rows = list[dict[str, Any]]


def lay(store: Store) -> None:
    """Two features on models, one machine with a tag, one without, and a credit in another currency."""
    emptied(store)
    laid(
        store,
        charges=[
            model_charge(1, "9"),
            charge(2, "4", tags={"team": "a"}, service_name="EC2"),
            charge(3, "2", day=6, service_name="EC2"),
        ],
        usage=[
            event(1, feature="chat", customer="acme", user="u1", trace="t1", response_id="r1"),
            event(2, feature="chat", customer="acme", user="u1", trace="t1", hour=13, state="partial", error="cut"),
            event(3, feature="ocr", customer="zeta", user="u2", day=6, input=20, state="refused", error="429"),
        ],
    )
    published(store)


@pytest.fixture(scope="module", params=["duckdb", "clickhouse"])
def world(request: pytest.FixtureRequest, lend: Callable[[str, str], Store]) -> Store:
    """That world, laid and published once on each engine; the tests only read from it."""
    store = lend(request.param, "world")
    lay(store)
    return store


def rows_of(answer: dict[str, object]) -> Rows:
    """Return an answer's rows."""
    return cast(Rows, answer["rows"])


def test_the_ledger_says_who_caused_what_was_billed(world: Store) -> None:
    """By feature: model dollars with the calls beside them; machines name no feature."""
    found = [(r["feature"], r["amount"], r["calls"]) for r in rows_of(costs(world, MONTH, ["feature"]))]
    assert found == [("chat", 9, 2), (None, 6, 0)]


def test_the_bill_can_be_read_by_its_own_columns_and_tags(world: Store) -> None:
    """Billed costs by service, tag and day, as the vendor wrote them."""

    def billed(*by: str, **where: str) -> list[tuple[Any, ...]]:
        rows = rows_of(costs(world, MONTH, by, where=where, origin="billed"))
        return [(*(str(r[name]) for name in by), r["amount"], r["charges"]) for r in rows]

    assert billed("service_name") == [("Model API", 9, 1), ("EC2", 6, 2)]
    assert billed("tag:team") == [("None", 11, 2), ("a", 4, 1)]
    assert billed("day", service_name="EC2") == [("2026-10-05", 4, 1), ("2026-10-06", 2, 1)]


def test_estimates_are_usage_times_price(world: Store) -> None:
    """Estimated costs come with calls and tokens; a refused call costs nothing and is there."""
    found = [
        (r["feature"], r["amount"], r["calls"], r["tokens"])
        for r in rows_of(costs(world, MONTH, ["feature"], origin="estimated"))
    ]
    assert found == [("chat", Decimal("0.00056"), 2, 220), ("ocr", 0, 1, 30)]


def test_a_filter_on_nothing_asks_for_what_names_none(world: Store) -> None:
    """The empty text asks for absent values; the total is of the slice."""
    answer = costs(world, MONTH, ["provider"], where={"team": "", "feature": ""})
    assert (answer["total"], answer["currency"]) == (2, "USD")


def test_two_currencies_have_no_one_total(shared: Store) -> None:
    """Totals are told by currency; nothing is added across."""
    emptied(shared)
    laid(shared, charges=[charge(1, "4"), charge(2, "3", billing_currency="EUR")])
    published(shared)
    answer = costs(shared, MONTH, [])
    assert (answer["total"], answer["currency"], answer["totals"]) == (None, None, {"USD": 4, "EUR": 3})


@pytest.mark.parametrize("origin", ["ledger", "billed", "estimated"])
def test_an_unknown_dimension_names_the_nearest(shared: Store, origin: str) -> None:
    """A typing mistake is refused before the engine sees it."""
    with pytest.raises(UnknownName, match=f"no dimension of the {origin} costs named 'provder'.*did you mean provider"):
        costs(shared, MONTH, ["provder"], origin=origin)
    with pytest.raises(BadInput, match="'invented' is not an origin"):
        costs(shared, MONTH, [], origin="invented")


def test_customers_have_a_margin_where_revenue_is_known(shared: Store) -> None:
    """Cost beside revenue; who pays nothing known has no margin, and the reason is told."""
    lay(shared)
    committed(shared, "crm", taken_at=TAKEN)
    taken = {"take_in": "crm", "file": 1, "line": 2}
    shared.insert("customer", [{**taken, "customer": "acme", "name": "Acme", "segment": "mid", "plan": "pro"}])
    revenue = {**taken, "customer": "acme", "month": MONTH.first, "currency": "USD"}
    shared.insert("revenue", [{**revenue, "kind": kind, "amount": 6} for kind in ("subscription", "usage")])
    (acme,) = rows_of(customers(shared, MONTH))
    assert (acme["name"], acme["segment"], acme["amount"], acme["revenue"]) == ("Acme", "mid", 9, 12)
    assert (acme["margin"], acme["margin_ratio"], acme["reason"]) == (3, Decimal("0.25"), None)
    (later,) = rows_of(customers(shared, Period.parse("2026-10-02..2026-10-20")))
    assert (later["revenue"], later["margin"]) == (None, None), "the month does not begin in the period"


def test_failures_say_what_was_paid_for_nothing(world: Store) -> None:
    """The cut-off call cost money, the refused one none; both are listed with their error."""
    found = [(r["feature"], r["state"], r["error"], r["failed_cost"]) for r in rows_of(failures(world, MONTH))]
    assert found == [("chat", "partial", "cut", Decimal("0.00028")), ("ocr", "refused", "429", 0)]


def test_a_trace_is_every_event_of_one_action_with_its_price(world: Store) -> None:
    """Asked by trace or by answer id; an unknown id is refused with a hint."""
    answer = trace(world, "t1")
    assert answer["totals"] == {"USD": Decimal("0.00056")}
    assert [r["id"] for r in rows_of(answer)] == ["e1", "e2"]
    assert {r["price_model"] for r in rows_of(answer)} == {"m-large"}
    assert [r["id"] for r in rows_of(trace(world, "r1"))] == ["e1"]
    with pytest.raises(BadInput, match="no event has trace, session, call, response or id 'nowhere'"):
        trace(world, "nowhere")


def test_the_heatmap_has_weekday_and_hour(world: Store) -> None:
    """5 October 2026 is a Monday."""
    found = [(r["weekday"], r["hour_of_day"], r["calls"], r["amount"]) for r in rows_of(heatmap(world, MONTH))]
    assert found == [(1, 12, 1, Decimal("0.00028")), (1, 13, 1, Decimal("0.00028")), (2, 12, 1, 0)]


def test_users_are_ranked_by_what_their_usage_costs(world: Store) -> None:
    """The power user first."""
    found = [(r["user"], r["customer"], r["cost_ratio"]) for r in rows_of(users(world, MONTH))]
    assert found == [("u1", "acme", 1), ("u2", "zeta", 0)]
    (large,) = rows_of(models(world, MONTH))
    assert (large["model"], large["tokens"], large["attempts"]) == ("m-large", 250, 3)
