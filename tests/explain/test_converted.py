"""Answers in one currency: each day at its own rate, the original amounts kept, nothing converted without one."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlay.errors import BadInput
from outlay.exchange.conversion import InCurrency
from outlay.explain.converted import apportioned
from outlay.explain.cost import costs
from outlay.explain.unit_cost import customers
from outlay.store import Store
from outlay.terms.period import Period
from tests.laws.world import MONTH, NOW, TAKEN, ZERO, charge, committed, emptied, laid, published, total

EUROS = InCurrency("EUR")
PICO = Fraction(1, 10**12)
Stated = tuple[int, str, str]


def rated(store: Store, *rates: Stated) -> None:
    """Put rates of the euro into a store: day of October 2026, currency, rate."""
    store.insert(
        "exchange_rate",
        [
            {
                "take_in": "rates",
                "file": 1,
                "line": line,
                "day": date(2026, 10, day),
                "from_currency": "EUR",
                "to_currency": currency,
                "rate": Decimal(rate),
                "source": "bank",
            }
            for line, (day, currency, rate) in enumerate(rates, start=2)
        ],
    )
    committed(store, "rates", source="ecb")


def shared_out(store: Store, shares: Sequence[tuple[int, str, str | None, str, Decimal]]) -> None:
    """Publish a ledger whose shares are these: day, currency, feature, customer, amount."""
    store.insert(
        "share",
        [
            {
                "run": "r",
                "month": MONTH.first,
                "day": date(2026, 10, day),
                "pool": pool,
                "rule": "",
                "currency": currency,
                "provider": "AWS",
                "charge_category": "Usage",
                "method": "direct",
                "driver": "",
                "state": "allocated" if feature else "unallocated",
                "feature": feature,
                "customer": customer,
                "weight": 1,
                "amount": amount,
            }
            for pool, (day, currency, feature, customer, amount) in enumerate(shares)
        ],
    )
    for table in ("rollup_ledger", "rollup_coverage"):
        store.fill(table, f"allocate/{table}", {"run": "r", "month": MONTH.first})
    store.insert("publication", [{"month": MONTH.first, "run": "r", "published_at": NOW, "prices_known_at": TAKEN}])


def rows_of(answer: dict[str, object]) -> list[dict[str, Any]]:
    """Return the rows of an answer."""
    return cast("list[dict[str, Any]]", answer["rows"])


@pytest.fixture
def world(store: Store) -> Store:
    """Three days of costs in three currencies; the dollar has rates of two of the days, the yen none."""
    shared_out(
        store,
        [
            (1, "USD", "search", "acme", Decimal("10.842")),
            (2, "USD", "search", "acme", Decimal(11)),
            (2, "EUR", "search", "acme", Decimal("0.5")),
            (3, "JPY", "search", "acme", Decimal(1000)),
            (3, "USD", None, "beta", Decimal("-1.1")),
        ],
    )
    rated(store, (1, "USD", "1.0842"), (2, "USD", "1.1"))
    return store


def test_each_day_is_converted_at_its_own_rate(world: Store) -> None:
    """10 at the first day's rate, 10 at the second's and half a euro make 20.5; the originals stand beside it."""
    answer = costs(world, MONTH, ["customer"], currency=EUROS)
    acme = rows_of(answer)[0]
    assert (acme["customer"], acme["amount"], acme["currency"]) == ("acme", Decimal("20.5"), "EUR")
    assert acme["original"] == {"EUR": Decimal("0.5"), "USD": Decimal("21.842")}


def test_a_day_without_a_rate_uses_the_last_one_and_says_so(world: Store) -> None:
    """The third day's dollar is converted at the second's rate, and the answer names that day."""
    answer = costs(world, MONTH, ["customer"], currency=EUROS)
    assert rows_of(answer)[1]["amount"] == Decimal(-1)
    stated = cast("dict[str, Any]", answer["conversion"])
    third = next(one for one in stated["rates"] if one["day"] == date(2026, 10, 3))
    assert third["legs"][0]["day"] == date(2026, 10, 2)
    assert (third["legs"][0]["inverse"], third["legs"][0]["source"]) == (True, "bank")


def test_what_has_no_rate_is_a_row_of_its_own(world: Store) -> None:
    """The yen stay yen, with the reason, and the answer has a total for each currency and no single one."""
    answer = costs(world, MONTH, ["customer"], currency=EUROS)
    yen = rows_of(answer)[-1]
    assert (yen["customer"], yen["amount"], yen["currency"]) == ("acme", Decimal(1000), "JPY")
    assert yen["reason"].startswith("no rate from JPY to EUR")
    assert answer["totals"] == {"EUR": Decimal("19.5"), "JPY": Decimal(1000)}
    assert answer["total"] is None
    (left,) = cast("dict[str, Any]", answer["conversion"])["not_converted"]
    assert (left["currency"], left["amount"]) == ("JPY", Decimal(1000))


def test_nothing_is_converted_without_rates(store: Store) -> None:
    """A store without rates gives every amount in its own currency, and never at 1."""
    shared_out(store, [(1, "USD", "search", "acme", Decimal(5)), (1, "EUR", "search", "acme", Decimal(7))])
    answer = costs(store, MONTH, ["customer"], currency=EUROS)
    assert answer["totals"] == {"EUR": Decimal(7), "USD": Decimal(5)}
    assert [row["currency"] for row in rows_of(answer)] == ["EUR", "USD"]


def test_a_rate_may_not_be_older_than_asked(world: Store) -> None:
    """With 0 days, only a day's own rate counts."""
    answer = costs(world, MONTH, ["customer"], currency=InCurrency("EUR", most_days=0))
    assert answer["totals"] == {"EUR": Decimal("20.5"), "USD": Decimal("-1.1"), "JPY": Decimal(1000)}


def test_an_answer_without_a_currency_stays_as_it_was(world: Store) -> None:
    """Nothing is converted unless it is asked for."""
    answer = costs(world, MONTH, ["customer", "user"])
    assert answer["totals"] == {"USD": Decimal("20.742"), "EUR": Decimal("0.5"), "JPY": Decimal(1000)}
    assert answer["conversion"] is None


def test_the_bill_and_its_ledger_are_worth_the_same(store: Store) -> None:
    """A charge of a month is converted day by day in both, so a rate that moves within it parts nothing."""
    laid(store, charges=[charge(1, "310", day=1, days=31), charge(2, "2", day=3), charge(3, "-1", day=30, days=2)])
    rated(store, (1, "USD", "1"), (8, "USD", "1.25"), (15, "USD", "1.5"), (22, "USD", "1.75"), (29, "USD", "2"))
    published(store)
    ledger, billed = (
        costs(store, MONTH, [], origin=origin, currency=EUROS)["total"] for origin in ("ledger", "billed")
    )
    assert ledger == billed
    assert rows_of(costs(store, MONTH, ["day"], currency=EUROS))[0]["amount"] == Decimal(12)


def test_a_margin_across_currencies_needs_the_rates(store: Store) -> None:
    """Cost in dollars and revenue in euros make a margin in euros; without asking for one there is none, and why."""
    shared_out(store, [(1, "USD", "search", "acme", Decimal(10)), (1, "USD", "search", "beta", Decimal(4))])
    revenue = {"take_in": "money", "file": 1, "month": MONTH.first, "kind": "subscription"}
    store.insert(
        "revenue",
        [
            {**revenue, "line": 2, "customer": "acme", "amount": Decimal(20), "currency": "EUR"},
            {**revenue, "line": 3, "customer": "beta", "amount": Decimal(9), "currency": "JPY"},
        ],
    )
    committed(store, "money", source="revenue_csv")
    rated(store, (1, "USD", "1.25"))
    acme, beta = rows_of(customers(store, MONTH, currency=EUROS))
    assert (acme["amount"], acme["revenue"], acme["margin"]) == (Decimal(8), Decimal(20), Decimal(12))
    assert (acme["original"], acme["margin_ratio"], acme["reason"]) == ({"USD": Decimal(10)}, Decimal("0.6"), None)
    assert (beta["amount"], beta["margin"], beta["revenue_original"]) == (Decimal("3.2"), None, {"JPY": Decimal(9)})
    assert beta["reason"] == "revenue in JPY has no rate to EUR"
    stated = cast("dict[str, Any]", customers(store, MONTH, currency=EUROS)["conversion"])
    assert [(one["currency"], one["amount"]) for one in stated["not_converted"]] == [("JPY", Decimal(9))]
    plain = rows_of(customers(store, Period(MONTH.first, date(2026, 10, 31)), where={"customer": "acme"}))[0]
    assert (plain["margin"], plain["reason"]) == (None, "revenue is in EUR; ask in one currency")


def test_a_cost_without_a_rate_makes_no_margin(store: Store) -> None:
    """Where a part of the cost stays in yen, a margin without it would be too good."""
    shared_out(store, [(1, "JPY", "search", "acme", Decimal(10)), (1, "EUR", "search", "acme", Decimal(4))])
    revenue = {"take_in": "money", "file": 1, "line": 2, "month": MONTH.first, "kind": "subscription"}
    store.insert("revenue", [{**revenue, "customer": "acme", "amount": Decimal(20), "currency": "EUR"}])
    committed(store, "money", source="revenue_csv")
    in_euros, in_yen = rows_of(customers(store, MONTH, currency=EUROS))
    assert (in_euros["amount"], in_euros["margin"]) == (Decimal(4), None)
    assert "a part of the cost" in in_euros["reason"]
    assert (in_yen["currency"], in_yen["amount"], in_yen["margin"]) == ("JPY", Decimal(10), None)


def test_coverage_is_told_in_one_currency(world: Store) -> None:
    """With rates for everything, the part that has an owner has a ratio again."""
    rated(world, (1, "JPY", "100"))
    answer = costs(world, MONTH, [], currency=EUROS)
    assert answer["total"] == Decimal("29.5")
    ratios = cast("dict[str, Decimal]", answer["coverage"])
    assert ratios["feature"] == Decimal("1.0339")  # 30.5 of 29.5: what is left over is a credit


def test_an_unknown_currency_is_refused() -> None:
    """A currency is an ISO code."""
    with pytest.raises(BadInput):
        InCurrency("EURO")


_shares = st.lists(
    st.tuples(
        st.integers(1, 31),
        st.sampled_from(["USD", "EUR", "IDR", "JPY"]),
        st.sampled_from([None, "a", "b"]),
        st.sampled_from(["x", "y"]),
        st.decimals(min_value=-(10**12), max_value=10**12, places=12),
    ),
    min_size=1,
    max_size=12,
)
_rates = st.lists(
    st.tuples(
        st.integers(1, 31),
        st.sampled_from(["USD", "IDR"]),
        st.one_of(st.just("17000.25"), st.decimals(min_value=Decimal("0.000001"), max_value=10**5, places=6).map(str)),
    ),
    max_size=8,
    unique_by=lambda one: one[:2],
)


def _worth(share: tuple[int, str, str | None, str, Decimal], rates: Sequence[Stated]) -> Fraction | None:
    """Return what a share is worth in euros by plain fractions: at the rate rounded to 18 places; None without one."""
    day, currency, _, _, amount = share
    if currency == "EUR":
        return Fraction(amount)
    known = sorted((on, rate) for on, code, rate in rates if code == currency and 0 <= day - on <= EUROS.most_days)
    if not known:
        return None
    return Fraction(amount) * Fraction(round(10**18 / Fraction(known[-1][1])), 10**18)


def _check(store: Store, shares: Sequence[tuple[int, str, str | None, str, Decimal]], rates: Sequence[Stated]) -> None:
    emptied(store)
    shared_out(store, shares)
    rated(store, *rates)
    worths = [(share, _worth(share, rates)) for share in shares]
    exact = sum((worth for _, worth in worths if worth is not None), Fraction(0))
    totals = set()
    for by in ([], ["customer"], ["feature", "customer"], ["day", "user"]):
        answer = costs(store, MONTH, by, where={"team": ""}, currency=EUROS)
        rows = rows_of(answer)
        mine = [row for row in rows if "reason" not in row]
        if any(worth is not None for _, worth in worths):
            totals.add(cast("dict[str, Decimal]", answer["totals"])["EUR"])
            assert total(mine) == cast("dict[str, Decimal]", answer["totals"])["EUR"]
        for currency in {share[1] for share in shares}:
            left = sum((share[4] for share, worth in worths if worth is None and share[1] == currency), ZERO)
            kept = sum((row["original"].get(currency, ZERO) for row in mine), ZERO)
            own = sum((share[4] for share, worth in worths if worth is not None and share[1] == currency), ZERO)
            assert total(row for row in rows if "reason" in row and row["currency"] == currency) == left
            assert kept == own
        for row in mine:
            of_row = [w for s, w in worths if w is not None and all(row[n] == _value(s, n) for n in by)]
            assert abs(Fraction(row["amount"]) - sum(of_row, Fraction(0))) <= PICO
    assert len(totals) <= 1
    assert all(abs(Fraction(found) - exact) <= PICO / 2 for found in totals)


def _value(share: tuple[int, str, str | None, str, Decimal], name: str) -> object:
    return {"day": date(2026, 10, share[0]), "feature": share[2], "customer": share[3], "user": None}[name]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_shares, _rates)
def test_sums_are_exact_however_they_are_cut(
    duck: Store, shares: list[tuple[int, str, str | None, str, Decimal]], rates: list[Stated]
) -> None:
    """Rows add up to a total that is the same by any dimensions, and is the exact sum rounded once."""
    _check(duck, shares, rates)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_shares, _rates)
def test_sums_are_exact_on_clickhouse_too(
    click: Store, shares: list[tuple[int, str, str | None, str, Decimal]], rates: list[Stated]
) -> None:
    """The same on ClickHouse, whose sums would not say when they overflow."""
    _check(click, shares, rates)


@given(st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=30), min_size=1, max_size=20))
def test_rounded_parts_add_up_to_the_rounded_whole(exact: list[Decimal]) -> None:
    """Parts move by less than one in the last place, and their sum is the sum rounded once."""
    parts = apportioned(exact)
    whole = sum((Fraction(part) for part in exact), Fraction(0))
    assert abs(sum((Fraction(part) for part in parts), Fraction(0)) - whole) <= PICO / 2
    assert all(abs(Fraction(part) - Fraction(own)) < PICO for part, own in zip(parts, exact, strict=True))
