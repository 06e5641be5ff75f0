"""Recurring revenue from Stripe's subscriptions, in the JSON that its API documents."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from outlay.store import Store
from outlay.terms.take_in import TakeIn
from tests.laws.world import emptied
from tests.revenue.asking import ask, balanced, brought
from tests.revenue.stripe_objects import invoice, line, listed, unix

OCT = date(2026, 10, 1)
#: Tests happen on the 2nd of November; October is asked about.
OCTOBER = "2026-10"


def price(amount: int | str | None = 5000, interval: str = "month", /, **own: object) -> dict[str, Any]:
    """Return a price of so many smallest units an interval."""
    recurring = {"interval": interval, "interval_count": 1, "usage_type": "licensed"}
    shape = {"id": "price_1", "object": "price", "billing_scheme": "per_unit", "unit_amount": amount}
    return shape | {"recurring": recurring | dict(own.pop("recurring", {}))} | own  # type: ignore[call-overload] # a dict


def subscription(*prices: Mapping[str, Any], **own: object) -> dict[str, Any]:
    """Return a subscription of the spring, whose items have these prices, one of each."""
    items = [{"id": f"si_{n}", "object": "subscription_item", "quantity": 1} | dict(p) for n, p in enumerate(prices)]
    return {
        "id": "sub_1",
        "object": "subscription",
        "status": "active",
        "currency": "usd",
        "customer": "cus_1",
        "created": unix("2026-03-01"),
        "start_date": unix("2026-03-01"),
        "trial_end": None,
        "cancel_at": None,
        "canceled_at": None,
        "ended_at": None,
        "pause_collection": None,
        "discounts": [],
        "items": listed("/v1/subscription_items", items),
    } | own


def taken(store: Store, path: Path, now: datetime, *objects: dict[str, Any], period: str = OCTOBER) -> TakeIn:
    """Import objects as a file of JSON."""
    return brought(store, path / "s.json", "stripe_recurring", json.dumps(list(objects)), now, {}, period)


def told(store: Store) -> list[tuple[object, ...]]:
    """Return what subscriptions come to: month, amount and currency."""
    rows = ask(store, "SELECT month, amount, currency FROM current_recurring ORDER BY month, currency")
    return [tuple(row.values()) for row in rows]


ITEM = {"price": price()}


@pytest.fixture
def own(duck: Store) -> Store:
    """An empty store; emptying one is quicker than opening one."""
    emptied(duck)
    return duck


@pytest.mark.parametrize(
    ("item", "amount"),
    [
        ({"price": price(5000)}, "50"),
        ({"price": price(5000), "quantity": 7}, "350"),
        ({"price": price(120000, "year")}, "100"),
        ({"price": price(30000, recurring={"interval_count": 3})}, "100"),
        ({"price": price(8400, "week")}, "365"),
        ({"price": price(1200, "day")}, "365"),
        ({"price": price(None, unit_amount_decimal="0.5"), "quantity": 1000}, "5"),
        ({"price": price(1000, transform_quantity={"divide_by": 10, "round": "up"}), "quantity": 25}, "30"),
        ({"price": price(1000, transform_quantity={"divide_by": 10, "round": "down"}), "quantity": 25}, "20"),
        ({"plan": {"object": "plan", "amount": 100000, "interval": "year", "interval_count": 1}}, "83.333333333333"),
    ],
)
def test_every_interval_is_a_months_worth(
    own: Store, tmp_path: Path, now: datetime, item: dict[str, Any], amount: str
) -> None:
    """Prices of a day, week, quarter or year, packs, fractions of a cent, and the shape before prices."""
    result = taken(own, tmp_path, now, subscription(item))
    assert told(own) == [(OCT, Decimal(amount), "USD")]
    assert balanced(result)


@pytest.mark.parametrize(
    ("differs", "days"),
    [
        ({}, 31),
        ({"start_date": unix("2026-10-16T09:00")}, 16),
        ({"start_date": None, "created": unix("2026-10-30T00:00")}, 2),
        ({"trial_end": unix("2026-10-11T00:00")}, 21),
        ({"status": "trialing", "trial_end": unix("2026-12-01")}, 0),
        ({"status": "canceled", "canceled_at": unix("2026-10-02"), "ended_at": unix("2026-10-21")}, 20),
        ({"status": "canceled", "canceled_at": unix("2026-10-03")}, 2),
        ({"canceled_at": unix("2026-10-03"), "cancel_at": unix("2026-10-31"), "cancel_at_period_end": True}, 30),
        ({"status": "past_due"}, 31),
        ({"status": "unpaid", "current_period_start": unix("2026-10-06")}, 5),
        ({"status": "paused", "trial_end": unix("2026-09-01")}, 0),
        ({"pause_collection": {"behavior": "void"}, "current_period_start": unix("2026-10-02")}, 1),
        (
            {
                "pause_collection": {"behavior": "mark_uncollectible", "resumes_at": unix("2026-10-22")},
                "current_period_start": unix("2026-10-02"),
            },
            11,
        ),
        ({"pause_collection": {"behavior": "keep_as_draft"}}, 31),
    ],
)
def test_only_the_days_in_force_count(
    own: Store, tmp_path: Path, now: datetime, differs: dict[str, Any], days: int
) -> None:
    """Trials, ends and pauses: a request to cancel is no end, and drafts are asked for later."""
    taken(own, tmp_path, now, subscription({"price": price(3100)}, **differs))
    assert told(own) == [(OCT, Decimal(days), "USD")]


@pytest.mark.parametrize(
    ("discounts", "amount"),
    [
        ([{"coupon": {"percent_off": 20, "duration": "forever"}}], "40"),
        ([{"coupon": {"percent_off": Decimal("12.5"), "duration": "forever"}}], "43.75"),
        ([{"coupon": {"amount_off": 1000, "duration": "forever"}}], "40"),
        ([{"coupon": {"percent_off": 50, "duration": "once"}}], "50"),
        ([{"coupon": {"amount_off": 9000, "duration": "forever"}}], "0"),
        ([{"source": {"type": "coupon", "coupon": {"percent_off": 10, "duration": "forever"}}}] * 2, "40.5"),
        ([{"source": {"type": "coupon", "coupon": "spring"}}], "25"),
        (
            [
                {
                    "coupon": {"percent_off": 31, "duration": "repeating"},
                    "start": unix("2026-09-11"),
                    "end": unix("2026-10-11"),
                }
            ],
            "45",
        ),
    ],
)
def test_discounts_that_recur_come_off(
    own: Store, tmp_path: Path, now: datetime, discounts: list[dict[str, Any]], amount: str
) -> None:
    """By percent or amount, one after the other, for as long as they last, in both shapes; a single one does not."""
    listed_ = json.loads(json.dumps(discounts, default=str))
    coupon = {"id": "spring", "object": "coupon", "percent_off": 50, "duration": "forever"}
    result = taken(own, tmp_path, now, coupon, subscription(ITEM, discounts=listed_))
    assert told(own) == [(OCT, Decimal(amount), "USD")]
    assert result.problems == ()


def test_an_amount_off_a_yearly_price_is_a_twelfth_a_month(own: Store, tmp_path: Path, now: datetime) -> None:
    """What comes off an invoice of a year is spread like what is on it; an item may have a discount of its own."""
    off = {"coupon": {"amount_off": 12000, "duration": "forever"}}
    item = {"price": price(120000, "year"), "discounts": [off]}
    taken(own, tmp_path, now, subscription(item, discount=off, discounts=None))
    assert told(own) == [(OCT, Decimal(80), "USD")]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (subscription({"price": price(None, billing_scheme="tiered")}), "tiered-price"),
        (subscription({"price": {"id": "price_1"}}), "price-unknown"),
        (subscription({"price": price(None)}), "price-unknown"),
        (subscription(ITEM, discounts=["di_1"]), "discount-unknown"),
        (subscription(ITEM, discounts=[{"source": {"coupon": "gone"}}]), "discount-unknown"),
        (subscription(ITEM, customer=None), "no-customer"),
        (subscription(ITEM, currency="xxx"), "unknown-currency"),
        (subscription(ITEM, start_date="then"), "not-as-documented"),
        (subscription({"price": price("many")}), "not-as-documented"),
    ],
)
def test_what_a_subscription_does_not_say_is_a_problem(
    own: Store, tmp_path: Path, now: datetime, wrong: dict[str, Any], code: str
) -> None:
    """A price or discount that cannot be known is named with its fix, never taken for nothing; others land."""
    result = taken(own, tmp_path, now, wrong, subscription(ITEM, id="sub_2", customer="cus_2"))
    assert [(problem.code, problem.line, problem.value) for problem in result.problems] == [(code, 1, "sub_1")]
    assert all(problem.fix for problem in result.problems)
    assert told(own) == [(OCT, Decimal(50), "USD")]
    assert balanced(result)


def test_what_does_not_recur_is_named(own: Store, tmp_path: Path, now: datetime) -> None:
    """Metered prices, subscriptions that never began or came later, and prices with tax in them."""
    metered = {"price": price(1, recurring={"usage_type": "metered"})}
    result = taken(
        own,
        tmp_path,
        now,
        subscription(metered),
        subscription(ITEM, id="sub_2", status="incomplete_expired"),
        subscription(ITEM, id="sub_3", start_date=unix("2026-11-01")),
        subscription({"price": price(tax_behavior="inclusive")}, metered, id="sub_4"),
    )
    assert dict(result.skipped) == {
        "nothing that recurs": 1,
        "subscription that never began": 1,
        "not in force in these months": 1,
    }
    assert told(own) == [(OCT, Decimal(50), "USD")]
    assert "2 metered prices have no amount before they are used; they are left out" in result.notes
    assert "1 subscriptions have prices with tax in them; it is not taken out" in result.notes


def test_currencies_and_their_places_are_kept_apart(own: Store, tmp_path: Path, now: datetime) -> None:
    """Yen have no places, dinars three."""
    made = [subscription(ITEM, id=code, currency=code) for code in ("jpy", "kwd", "eur")]
    taken(own, tmp_path, now, *made)
    assert told(own) == [(OCT, Decimal(50), "EUR"), (OCT, Decimal(5000), "JPY"), (OCT, Decimal(5), "KWD")]


def test_a_later_import_takes_back_what_ended(own: Store, tmp_path: Path, now: datetime) -> None:
    """A month that is not in force any more has nothing, where an earlier import said otherwise."""
    taken(own, tmp_path, now, subscription(ITEM))
    later = now + timedelta(days=1)
    taken(own, tmp_path, later, subscription(ITEM, status="canceled", ended_at=unix("2026-09-15")))
    assert told(own) == [(OCT, Decimal(0), "USD")]


def test_without_a_period_every_month_up_to_this_one_is_told(own: Store, tmp_path: Path, now: datetime) -> None:
    """A file says what it holds, from the start of each subscription to the month of the import."""
    brought(own, tmp_path / "s.json", "stripe_recurring", json.dumps([subscription(ITEM)]), now)
    assert [row[0] for row in told(own)] == [date(2026, month, 1) for month in range(3, 12)]


def test_invoiced_revenue_counts_and_recurring_is_never_added(store: Store, tmp_path: Path, now: datetime) -> None:
    """Of a customer and month that were invoiced the invoice counts, whichever came last; of others what recurs."""
    subscriptions = [subscription(ITEM), subscription(ITEM, id="sub_2", customer="cus_2")]
    billed = invoice([line(4000, "2026-10-01", "2026-11-01")], 4000, customer="cus_1")
    for days in range(2):
        later = now + timedelta(days=days)
        taken(store, tmp_path, later, *subscriptions)
        brought(store, tmp_path / "i.json", "stripe_invoices", json.dumps([billed]), later, {}, OCTOBER)
        rows = ask(store, "SELECT customer, kind, amount FROM current_revenue ORDER BY customer, kind")
        assert [tuple(row.values()) for row in rows] == [
            ("cus_1", "subscription", Decimal(40)),
            ("cus_2", "recurring", Decimal(50)),
        ]
        assert sum(Decimal(str(row[1])) for row in told(store)) == 100
        subscriptions.append(subscription({"price": price(1, recurring={"usage_type": "metered"})}, id="sub_3"))
