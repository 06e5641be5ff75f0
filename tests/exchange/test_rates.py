"""Which rate a day uses, and what it is made of."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlay.errors import BadInput
from outlay.exchange.rates import Rates, as_text, reporting
from outlay.store import Store
from outlay.terms.period import Period

DAY = date(2026, 10, 5)
_rate = st.decimals(min_value=Decimal("0.00001"), max_value=Decimal(100000), places=6)


def stated(*rates: tuple[str, str, int, str]) -> Rates:
    """Return rates of days of October 2026, each `from`, `to`, day, rate."""
    held: dict[tuple[str, str], list[tuple[date, Decimal, str]]] = {}
    for given_, taken, day, rate in sorted(rates, key=lambda one: one[2]):
        held.setdefault((given_, taken), []).append((date(2026, 10, day), Decimal(rate), "bank"))
    return Rates(held, 7)


def test_the_days_own_rate_is_used() -> None:
    """Of several days the day's own counts, not the newest."""
    rates = stated(("USD", "EUR", 4, "0.91"), ("USD", "EUR", 5, "0.92"), ("USD", "EUR", 6, "0.93"))
    used = rates.on(DAY, "USD", "EUR")
    assert used
    assert (used.rate, used.legs[0].day) == (Decimal("0.92"), DAY)


def test_the_last_rate_before_the_day_is_used_and_named() -> None:
    """On a day without one, the last one before it counts, and the answer says of which day it is."""
    used = stated(("USD", "EUR", 2, "0.91"), ("USD", "EUR", 6, "0.93")).on(DAY, "USD", "EUR")
    assert used
    assert (used.rate, used.legs[0].day) == (Decimal("0.91"), date(2026, 10, 2))


def test_a_rate_that_is_too_old_is_none() -> None:
    """A rate is used for so many days and no longer; a rate of tomorrow is never used."""
    rates = stated(("USD", "EUR", 1, "0.91"))
    assert rates.on(date(2026, 10, 8), "USD", "EUR")
    assert rates.on(date(2026, 10, 9), "USD", "EUR") is None
    assert rates.on(date(2026, 9, 30), "USD", "EUR") is None


def test_an_unknown_pair_is_none_and_never_one() -> None:
    """Without a rate there is none; it is not taken for 1."""
    assert stated().on(DAY, "USD", "EUR") is None
    assert stated(("EUR", "USD", 5, "1.08")).on(DAY, "USD", "JPY") is None


def test_a_currency_is_worth_itself() -> None:
    """A currency in itself needs no rate."""
    used = stated().on(DAY, "USD", "USD")
    assert used
    assert (used.rate, used.legs) == (Decimal(1), ())


def test_a_rate_stated_the_other_way_round_divides() -> None:
    """The inverse of 3 is rounded once, half to even, at the 18th place, and the leg says what was stated."""
    used = stated(("EUR", "USD", 5, "3")).on(DAY, "USD", "EUR")
    assert used
    assert used.rate == Decimal("0.333333333333333333")
    assert (used.legs[0].inverse, used.legs[0].stated) == (True, Decimal(3))


def test_two_currencies_meet_in_the_euro() -> None:
    """A cross rate shows both legs, each with its own day, and is rounded once."""
    used = stated(("EUR", "USD", 5, "1.0842"), ("EUR", "JPY", 2, "163.51")).on(DAY, "USD", "JPY")
    assert used
    assert [(leg.from_currency, leg.to_currency, leg.inverse, leg.day.day) for leg in used.legs] == [
        ("USD", "EUR", True, 5),
        ("EUR", "JPY", False, 2),
    ]
    exact = Fraction("163.51") / Fraction("1.0842")
    assert abs(Fraction(used.rate) - exact) <= Fraction(1, 2 * 10**18)


def test_what_was_stated_goes_before_what_is_worked_out() -> None:
    """A rate between the two goes before the same the other way round, and that before the way through the euro."""
    all_ways = [("USD", "GBP", 4, "0.8"), ("GBP", "USD", 5, "1.3"), ("EUR", "USD", 5, "1.1"), ("EUR", "GBP", 5, "0.9")]
    assert [len(used.legs) for n in range(3) if (used := stated(*all_ways[n:]).on(DAY, "USD", "GBP"))] == [1, 1, 2]
    direct = stated(*all_ways).on(DAY, "USD", "GBP")
    assert direct
    assert direct.rate == Decimal("0.8")


@given(_rate, _rate)
def test_a_worked_out_rate_is_exact_to_half_of_its_last_place(one: Decimal, other: Decimal) -> None:
    """Inverse and cross rates differ from the fraction by at most half of 1e-18."""
    rates = stated(("EUR", "USD", 5, str(one)), ("EUR", "JPY", 5, str(other)))
    for given_, taken, exact in (
        ("USD", "EUR", 1 / Fraction(one)),
        ("USD", "JPY", Fraction(other) / Fraction(one)),
    ):
        used = rates.on(DAY, given_, taken)
        assert used
        assert abs(Fraction(used.rate) - exact) <= Fraction(1, 2 * 10**18)
        assert Fraction(used.atto, 10**18) == Fraction(used.rate)


def test_rates_travel_as_text() -> None:
    """Queries get a rate as a whole number of 1e-18."""
    used = stated(("USD", "EUR", 5, "0.92")).on(DAY, "USD", "EUR")
    assert used
    assert as_text([used]) == "1970-01-01,,0;2026-10-05,USD,920000000000000000"


def test_what_is_no_currency_is_refused() -> None:
    """A reporting currency is an ISO code in capitals."""
    with pytest.raises(BadInput):
        reporting("euro")


def test_a_senseless_age_is_refused(duck: Store) -> None:
    """A rate cannot be older than a year, or from tomorrow."""
    for days in (-1, 367):
        with pytest.raises(BadInput):
            Rates.load(duck, Period.month("2026-10"), most_days=days)
