from decimal import Decimal
from typing import Any, cast

import pytest

from outlay.errors import BadInput
from outlay.explain.change import change
from outlay.explain.gap import reconcile
from outlay.store import Row, Store
from outlay.terms.period import Period
from tests.laws.world import MONTH, PRICES, at, charge, emptied, event, laid, model_charge, price, published

HALVES = (Period.parse("2026-10-01..2026-10-16"), Period.parse("2026-10-16..2026-10-31"))


def month(store: Store, daily: list[tuple[int, int]], *, prices: tuple[Row, ...] = PRICES) -> dict[str, Any]:
    """Publish a month of one feature and explain its second half.

    Args:
        store: An empty store.
        daily: For each day: how many users call once, and the dollars billed.
        prices: The price book.
    """
    emptied(store)
    used = [
        event(100 * day + user, id=f"e{day}-{user}", day=day, feature="chat", user=f"u{user}", customer=f"c{user}")
        for day, (users, _) in enumerate(daily, start=1)
        for user in range(users)
    ]
    bill = [model_charge(day, str(dollars), day=day) for day, (_, dollars) in enumerate(daily, start=1)]
    laid(store, charges=bill, usage=used, prices=prices)
    released = {"take_in": "events", "file": 1, "line": 1, "service": "api"}
    store.insert("release", [{**released, "release": "2026.10.2", "released_at": at(16, 9)}])
    published(store)
    return cast(dict[str, Any], change(store, *HALVES)["verdict"])


def test_cost_that_follows_users_is_growth(shared: Store) -> None:
    """Twice the users at twice the cost: growth."""
    verdict = month(shared, [(2, 10)] * 15 + [(4, 20)] * 15)
    assert (verdict["verdict"], verdict["feature"]) == ("growth", "chat")
    assert "users changed by +100.0 %" in verdict["arguments_for"]


def test_cost_that_outruns_users_from_one_day_on_is_a_bug_of_that_day_s_release(shared: Store) -> None:
    """The same users at five times the cost since the 16th: a bug, tied to the release of that day."""
    verdict = month(shared, [(2, 10)] * 15 + [(2, 50)] * 15)
    assert (verdict["verdict"], str(verdict["since"]), verdict["release"]) == ("bug", "2026-10-16", "2026.10.2")
    assert verdict["change"] == 600
    assert any("stepped up on 2026-10-16" in sentence for sentence in verdict["arguments_for"])


def test_cost_that_creeps_at_the_same_size_of_calls_is_the_price(shared: Store) -> None:
    """The same users and tokens at a cost that rises a little every day: nothing stepped up, the price did it."""
    verdict = month(shared, [(2, 40 + 2 * day) for day in range(30)])
    assert (verdict["verdict"], verdict["since"]) == ("price", None)


def test_a_change_of_less_than_a_tenth_has_no_verdict(shared: Store) -> None:
    """Nothing is made of noise."""
    verdict = month(shared, [(2, 100)] * 15 + [(2, 104)] * 15)
    assert verdict["verdict"] == "none"
    assert verdict["arguments_against"]


def test_a_change_names_its_largest_segment_and_its_causes(shared: Store) -> None:
    """Segments come with the largest change first, and causes name feature, release and model."""
    emptied(shared)
    laid(
        shared,
        charges=[model_charge(1, "2", day=5), model_charge(2, "8", day=20), charge(3, "1", day=20)],
        usage=[event(1, day=5, feature="chat", release="1"), event(2, day=20, feature="ocr", release="2")],
    )
    published(shared)
    found = cast(dict[str, Any], change(shared, *HALVES))
    assert [(s["feature"], s["change"]) for s in found["segments"]] == [("ocr", 8), ("chat", -2), (None, 1)]
    assert found["effects"]["new"] == 8
    assert found["effects"]["retired"] == -2
    assert found["causes"] == [{"feature": "ocr", "release": "2", "model": "m-large", "change": 8}]
    assert found["notes"] == []


def test_two_currencies_cannot_be_explained_at_once(shared: Store) -> None:
    """The message says how to ask for one."""
    emptied(shared)
    laid(shared, charges=[charge(1, "2"), charge(2, "3", billing_currency="EUR")])
    published(shared)
    with pytest.raises(BadInput, match="EUR, USD") as caught:
        change(shared, *HALVES)
    assert caught.value.fix == "add --where currency=EUR"
    assert change(shared, *HALVES, where={"currency": "EUR"})["change"] == -3


def test_periods_of_unequal_length_say_so(shared: Store) -> None:
    """The effect of days is set apart, and a note explains it."""
    emptied(shared)
    laid(shared, charges=[charge(day, "2", day=day) for day in range(1, 31)])
    published(shared)
    found = cast(
        dict[str, Any], change(shared, Period.parse("2026-10-01..2026-10-11"), Period.parse("2026-10-11..2026-10-31"))
    )
    assert (found["change"], found["effects"]["days"]) == (20, 20)
    assert "10 days" in found["notes"][0]


def test_a_gap_is_cut_into_quantity_and_price(shared: Store) -> None:
    """Twice the tokens billed, at half as much again: one part is quantity, the other price."""
    emptied(shared)
    flat = (price("m-large", "input", "1000000", per=1_000_000), price("m-large", "output", "1000000", per=1_000_000))
    laid(shared, charges=[model_charge(1, "330", consumed_quantity=Decimal(220))], usage=[event(1)], prices=flat)
    published(shared)
    found = cast(dict[str, Any], reconcile(shared, MONTH))
    assert (found["billed"], found["estimated"], found["gap"]) == (330, 110, 220)
    assert {c["cause"]: c["amount"] for c in found["causes"] if c["amount"]} == {"unseen": 110, "price": 110}
