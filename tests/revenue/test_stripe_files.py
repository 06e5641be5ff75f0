import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from outlay.errors import BadInput, Unreadable
from outlay.store import Store
from outlay.terms.take_in import TakeIn
from tests.revenue.asking import ask, balanced, brought
from tests.revenue.stripe_objects import invoice, line, listed, unix

OCT, NOV = date(2026, 10, 1), date(2026, 11, 1)


def taken(store: Store, path: Path, now: datetime, *objects: dict[str, Any], **options: str) -> TakeIn:
    """Import objects as a file of JSON."""
    return brought(store, path / "stripe.json", "stripe_invoices", json.dumps(list(objects)), now, options)


def landed(store: Store, result: TakeIn) -> list[tuple[object, ...]]:
    """Return what an import left, in order."""
    rows = ask(
        store,
        "SELECT customer, month, kind, amount, currency FROM revenue"
        f" WHERE take_in = '{result.take_in}' ORDER BY line, month",
    )
    return [tuple(row.values()) for row in rows]


def test_a_line_is_spread_over_the_days_of_its_period(store: Store, tmp_path: Path, now: datetime) -> None:
    """October gets its days, November its own, and the parts are the whole to the last digit."""
    result = taken(store, tmp_path, now, invoice([line(10000, "2026-10-16T09:00", "2026-11-16T09:00")], 10000))
    rows = landed(store, result)
    assert [row[:3] for row in rows] == [("cus_1", OCT, "subscription"), ("cus_1", NOV, "subscription")]
    parts = [Decimal(str(row[3])) for row in rows]
    assert sum(parts) == Decimal(100)
    assert parts[0] == Decimal("51.612903225806")
    assert (result.totals, result.control_totals) == ({"USD": Decimal(100)}, {"USD": Decimal("100.00")})
    assert balanced(result)


def test_discounts_inclusive_tax_and_credit_come_off_and_exclusive_tax_was_never_in(
    duck: Store, tmp_path: Path, now: datetime
) -> None:
    """Net of everything, in both shapes of Stripe's API; the tax is named."""
    now_shape = line(
        12000, "2026-10-01", "2026-11-01",
        discount_amounts=[{"amount": 1000, "discount": "di_1"}],
        taxes=[{"amount": 1000, "tax_behavior": "inclusive"}, {"amount": 500, "tax_behavior": "exclusive"}],
        pretax_credit_amounts=[
            {"amount": 2000, "type": "credit_balance_transaction"}, {"amount": 1000, "type": "discount"},
        ],
    )  # fmt: skip
    old_shape = line(
        5000, "2026-10-01", "2026-11-01",
        type="subscription", parent=None, taxes=None, tax_amounts=[{"amount": 400, "inclusive": True}],
    )  # fmt: skip
    result = taken(duck, tmp_path, now, invoice([now_shape, old_shape], 12600, total=13500))
    assert result.totals == {"USD": Decimal(126)}
    assert result.matches
    assert "tax left out: 19 USD" in result.notes


def test_every_kind_of_line_is_named(duck: Store, tmp_path: Path, now: datetime) -> None:
    """Metered prices are usage, items are one_time, prorations belong to the subscription, shipping is its own."""
    item = {"type": "invoice_item_details", "invoice_item_details": {"proration": False}}
    proration = {"type": "invoice_item_details", "invoice_item_details": {"proration": True}}
    lines = [
        line(100, "2026-10-01", "2026-11-01", price={"recurring": {"usage_type": "metered"}}),
        line(200, "2026-10-05", "2026-10-05", parent=item),
        line(-300, "2026-10-10", "2026-11-01", parent=proration),
    ]
    shipped = invoice(lines, 400, shipping_cost={"amount_subtotal": 400, "amount_tax": 0, "taxes": []})
    result = taken(duck, tmp_path, now, shipped)
    assert [(row[2], row[3]) for row in landed(duck, result)] == [
        ("usage", 1),
        ("one_time", 2),
        ("subscription", -3),
        ("shipping", 4),
    ]
    assert balanced(result)


def test_amounts_follow_the_places_of_their_currency(duck: Store, tmp_path: Path, now: datetime) -> None:
    """Yen have none, dinars three, and ISK and UGX two in Stripe's writing though they have none."""
    made = [
        invoice([line(1050, "2026-10-01", "2026-11-01")], 1050, currency=code) for code in ("jpy", "kwd", "isk", "eur")
    ]
    result = taken(duck, tmp_path, now, *made)
    assert result.totals == {"JPY": 1050, "KWD": Decimal("1.05"), "ISK": Decimal("10.5"), "EUR": Decimal("10.5")}
    assert result.matches


def test_a_currency_that_changes_within_a_month_is_kept_apart(duck: Store, tmp_path: Path, now: datetime) -> None:
    """Half a month in dollars and half in euros is two amounts, each with its own control."""
    made = [
        invoice([line(1550, "2026-10-01", "2026-10-16")], 1550, customer="cus_moved"),
        invoice([line(1600, "2026-10-16", "2026-11-01")], 1600, customer="cus_moved", currency="eur"),
    ]
    result = taken(duck, tmp_path, now, *made)
    assert result.totals == {"USD": Decimal("15.5"), "EUR": 16}
    assert balanced(result)
    rows = ask(duck, "SELECT amount, currency FROM current_revenue WHERE customer = 'cus_moved' ORDER BY currency")
    assert [tuple(row.values()) for row in rows] == [(16, "EUR"), (Decimal("15.5"), "USD")]


def test_credit_notes_and_refunds_take_away_once(duck: Store, tmp_path: Path, now: datetime) -> None:
    """A credit note takes away where its line was earned; its own refund is not counted again; tax is apart."""
    sold = line(6200, "2026-10-01", "2026-11-01")
    bill = invoice([sold], 6200, total=7440, charge="ch_1")
    note = {
        "id": "cn_1", "object": "credit_note", "status": "issued", "currency": "usd", "customer": "cus_1",
        "created": unix("2026-12-24"), "total_excluding_tax": 3100, "refunds": [{"refund": "re_1"}],
        "lines": listed("/v1/credit_notes/cn_1/lines", [
            {"id": "cnli_1", "object": "credit_note_line_item", "amount": 3100, "invoice_line_item": sold["id"]},
        ]),
    }  # fmt: skip
    refund = {"object": "refund", "status": "succeeded", "currency": "usd", "created": unix("2026-11-02T10:00")}
    refunds = [
        refund | {"id": "re_1", "amount": 3720, "charge": {"id": "ch_1", "object": "charge"}},
        refund | {"id": "re_2", "amount": 1200, "charge": "ch_1"},
        refund | {"id": "re_3", "amount": 999, "charge": "ch_unheard_of"},
        refund | {"id": "re_4", "amount": 999, "charge": "ch_1", "status": "failed"},
    ]
    result = taken(duck, tmp_path, now, bill, note, *refunds)
    assert [row[1:4] for row in landed(duck, result)] == [
        (OCT, "subscription", 62),
        (OCT, "credit_note", -31),
        (NOV, "refund", -10),
    ]
    assert dict(result.skipped) == {
        "counted in its credit note": 1,
        "refund of a payment without an invoice": 1,
        "failed refund": 1,
    }
    assert balanced(result)


def test_invoices_that_are_no_revenue_are_named_skips(duck: Store, tmp_path: Path, now: datetime) -> None:
    """A draft and a void one are nothing; of one that nobody will pay, the amount is named."""
    made = [
        invoice([line(500, "2026-10-01", "2026-11-01")], 500, status=status)
        for status in ("draft", "void", "uncollectible", "open")
    ]
    result = taken(duck, tmp_path, now, *made)
    assert dict(result.skipped) == {"draft invoice": 1, "void invoice": 1, "uncollectible invoice": 1}
    assert result.totals == {"USD": 5}
    assert result.skipped_totals == {"uncollectible invoice": {"USD": 5}}
    assert balanced(result)


def test_a_customer_is_what_its_metadata_says(duck: Store, tmp_path: Path, now: datetime) -> None:
    """The key of the customer, else of the subscription or line; else Stripe's id, which a note counts."""
    full = line(100, "2026-10-01", "2026-11-01")
    gone = {"id": "cus_gone", "object": "customer", "deleted": True}
    details = {"type": "subscription_details", "subscription_details": {"metadata": {"tenant": "beta"}}}
    result = taken(
        duck, tmp_path, now,
        invoice([full], 100),
        invoice([line(100, "2026-10-01", "2026-11-01")], 100, customer="cus_2", parent=details),
        invoice([line(100, "2026-10-01", "2026-11-01")], 100, customer=gone),
        customer="metadata.tenant",
    )  # fmt: skip
    assert [row[0] for row in landed(duck, result)] == ["acme", "beta", "cus_gone"]
    assert "1 customers have no metadata.tenant and stand under Stripe's id: cus_gone" in result.notes
    assert "1 customers were deleted at Stripe: cus_gone" in result.notes


@pytest.mark.parametrize(
    ("own", "code"),
    [
        ({"customer": None}, "no-customer"),
        ({"currency": "xxx"}, "unknown-currency"),
        ({"lines": listed("/v1/invoices/in_x/lines", [line(700, "2026-11-01", "2026-10-01")])}, "bad-period"),
        ({"lines": listed("", [line(700, "2026-10-01", "2026-11-01", period={"start": "x"})])}, "not-as-documented"),
        ({"lines": listed("", [line(700, "2026-10-01", "2026-11-01")], more=True), "id": "in_more"}, "lines-missing"),
        ({"lines": "none", "total": 700}, "not-as-documented"),
    ],
)
def test_what_cannot_be_taken_in_is_a_problem_with_its_money(
    duck: Store, tmp_path: Path, now: datetime, own: dict[str, Any], code: str
) -> None:
    """The record, its id, the money at stake and the fix; the invoice beside it lands."""
    bad = invoice([line(700, "2026-10-01", "2026-11-01")], 700, **own)
    result = taken(duck, tmp_path, now, bad, invoice([line(100, "2026-10-01", "2026-11-01")], 100))
    (problem,) = [each for each in result.problems if each.line]
    assert problem.code == code
    assert result.totals == {"USD": 1}
    assert problem.amount == (None if code == "unknown-currency" else 7)
    assert problem.fix
    assert balanced(result)


def test_an_invoice_that_does_not_add_up_is_not_met(duck: Store, tmp_path: Path, now: datetime) -> None:
    """What the invoice says it comes to is the control; what its lines lack shows as a difference."""
    result = taken(duck, tmp_path, now, invoice([line(100, "2026-10-01", "2026-11-01")], 150))
    assert result.differences == {"USD": Decimal("0.5")}


def test_what_takes_away_and_cannot_be_taken_in_is_at_stake_with_its_sign(
    duck: Store, tmp_path: Path, now: datetime
) -> None:
    """A credit note and a refund that cannot be read would have taken away."""
    sold = invoice([line(6200, "2026-10-01", "2026-11-01")], 6200, charge="ch_1")
    shared = {"currency": "usd", "customer": None, "created": unix("2026-11-01")}
    lines = listed("", [{"id": "cnli_1", "object": "credit_note_line_item", "amount": 100}])
    note = {"id": "cn_1", "object": "credit_note", "total_excluding_tax": 100, "lines": lines, **shared}
    refund = {"id": "re_1", "object": "refund", "amount": 200, "charge": "ch_1", **shared, "created": "then"}
    result = taken(duck, tmp_path, now, sold, note, refund)
    assert [(problem.code, problem.amount) for problem in result.problems] == [
        ("no-customer", Decimal(-1)),
        ("not-as-documented", Decimal(-2)),
    ]
    assert balanced(result)


def test_an_invoice_without_lines_is_not_met(duck: Store, tmp_path: Path, now: datetime) -> None:
    """It comes to something, and nothing landed."""
    result = taken(duck, tmp_path, now, invoice([], 700))
    assert (result.lines, result.differences) == (0, {"USD": Decimal(7)})


def test_only_the_months_asked_for_land_and_the_rest_is_named(duck: Store, tmp_path: Path, now: datetime) -> None:
    """A year paid in January gives October its days; the other months are left out with their money."""
    year = invoice([line(36500, "2026-01-01", "2027-01-01")], 36500)
    old = invoice([line(500, "2026-01-01", "2026-02-01")], 500)
    text = json.dumps([year, old])
    result = brought(duck, tmp_path / "y.json", "stripe_invoices", text, now, period="2026-10")
    assert [row[1:4] for row in landed(duck, result)] == [(OCT, "subscription", 31)]
    assert result.skipped_totals == {"outside the period": {"USD": 339}}
    assert dict(result.skipped) == {"outside the period": 1}
    assert balanced(result)


def test_a_list_whose_last_page_is_missing_is_a_problem_of_the_whole(
    duck: Store, tmp_path: Path, now: datetime
) -> None:
    """Half an export looks like all of it; that it is not, is said."""
    page = listed("/v1/invoices", [invoice([line(100, "2026-10-01", "2026-11-01")], 100)], more=True)
    result = taken(duck, tmp_path, now, page)
    assert [(each.code, each.line) for each in result.problems] == [("pages-missing", None)]
    assert (result.landed, result.problem_lines) == (1, 0)


def test_an_object_that_stands_twice_counts_once(duck: Store, tmp_path: Path, now: datetime) -> None:
    """Pages that overlap add nothing."""
    same = invoice([line(100, "2026-10-01", "2026-11-01")], 100)
    result = taken(duck, tmp_path, now, listed("/v1/invoices", [same]), same)
    assert result.lines == 1
    assert result.totals == {"USD": 1}


def test_lines_of_json_are_read_too(duck: Store, tmp_path: Path, now: datetime) -> None:
    """An object a line, as a data pipeline writes them."""
    made = [invoice([line(100, "2026-10-01", "2026-11-01")], 100) for _ in range(2)]
    text = "\n".join(json.dumps(each) for each in made)
    assert brought(duck, tmp_path / "l.ndjson", "stripe_invoices", text, now).totals == {"USD": 2}


@pytest.mark.parametrize("text", ["{", "[1]", '{"no": "object"}', '{"object": "x"\ny'])
def test_a_file_that_is_not_stripes_is_refused_whole(duck: Store, tmp_path: Path, now: datetime, text: str) -> None:
    """Nothing lands."""
    with pytest.raises(Unreadable):
        brought(duck, tmp_path / "no.json", "stripe_invoices", text, now)


def test_a_customer_option_that_is_none_is_refused(duck: Store, tmp_path: Path, now: datetime) -> None:
    """There is Stripe's id, and keys of the metadata."""
    with pytest.raises(BadInput, match="customer=email"):
        taken(duck, tmp_path, now, customer="email")


def test_subscriptions_describe_customers(duck: Store, tmp_path: Path, now: datetime) -> None:
    """An active subscription before one that ended, the newest of equals; states in our words."""
    acme = {"id": "cus_1", "object": "customer", "name": "Acme", "metadata": {"tenant": "acme", "segment": "mid"}}

    def subscription(ident: str, status: str, created: int, price: dict[str, str], who: object) -> dict[str, Any]:
        items = listed("/v1/subscription_items", [{"id": f"si_{ident}", "object": "subscription_item", "price": price}])
        shape = {"id": ident, "object": "subscription", "status": status, "created": created}
        return shape | {"customer": who, "items": items}

    objects = [
        subscription("sub_1", "canceled", 30, {"nickname": "Old"}, acme),
        subscription("sub_2", "active", 10, {"nickname": "Pro", "id": "price_1"}, acme),
        subscription("sub_3", "trialing", 20, {"lookup_key": "starter"}, "cus_2"),
        subscription("sub_4", "active", 20, {"id": "price_9"}, None),
    ]
    options = {"customer": "metadata.tenant"}
    result = brought(duck, tmp_path / "s.json", "stripe_subscriptions", json.dumps(objects), now, options)
    rows = ask(
        duck,
        "SELECT customer, name, segment, plan, status FROM customer"
        f" WHERE take_in = '{result.take_in}' ORDER BY customer",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("acme", "Acme", "mid", "Pro", "active"),
        ("cus_2", None, None, "starter", "trial"),
    ]
    assert dict(result.skipped) == {"another subscription describes the customer": 1}
    assert [problem.code for problem in result.problems] == ["no-customer"]
