"""Rates: how much of one currency a day's amount in another is, and by which legs that is known.

Comes in: `exchange_rate`. Goes out: a rate for a day with the rates it is made of, or None where nobody stated one.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

from outlay.errors import BadInput
from outlay.store import Store
from outlay.terms.currency import CURRENCIES
from outlay.terms.money import EXACT
from outlay.terms.period import Period

#: A rate that is worked out (turned round, or through the euro) is rounded once, half to even, to so many places.
PLACES = 18
ATTO = Decimal(1).scaleb(-PLACES)
#: How old a rate may be: reference rates are missing on holidays and weekends.
DEFAULT_DAYS = 7
MOST_DAYS = 366
#: The currency that others are crossed through: reference rates are stated against it.
PIVOT = "EUR"
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Leg:
    """One stated rate on the way from one currency to another.

    Args:
        day: The day it was stated for.
        from_currency: What is given, as it is used here.
        to_currency: What comes out.
        stated: The rate as the source states it.
        inverse: Whether the source states it the other way round, so that it divides.
        source: Who says so.
    """

    day: date
    from_currency: str
    to_currency: str
    stated: Decimal
    inverse: bool
    source: str


@dataclass(frozen=True, slots=True)
class DayRate:
    """The rate that is used for one day.

    Args:
        day: The day of what is converted.
        from_currency: Its currency.
        to_currency: The reporting currency.
        rate: How much of the one is one of the other; at most 18 decimal places.
        legs: The stated rates it is made of: one, or two through the euro.
    """

    day: date
    from_currency: str
    to_currency: str
    rate: Decimal
    legs: tuple[Leg, ...]

    @property
    def atto(self) -> int:
        """Return the rate as a whole number of 1e-18."""
        return int(self.rate.scaleb(PLACES, context=EXACT))


class Rates:
    """Every rate that may be used for a span of days.

    Args:
        stated: Rates by day, and their sources, by pair of currencies, each list in order of days.
        most_days: How many days before the day a rate may be from.
    """

    def __init__(self, stated: dict[tuple[str, str], list[tuple[date, Decimal, str]]], most_days: int) -> None:
        self._stated = stated
        self.most_days = most_days

    @classmethod
    def load(cls, store: Store, period: Period, *, most_days: int = DEFAULT_DAYS) -> "Rates":
        """Return the rates for the days of a period.

        Args:
            store: Holds the rates.
            period: The days of what is converted.
            most_days: How many days before the day a rate may be from, 0 for that day's only.

        Raises:
            BadInput: That is a negative number of days, or more than a year.
        """
        if not 0 <= most_days <= MOST_DAYS:
            raise BadInput(
                f"a rate cannot be {most_days} days old",
                fix=f"give a number of days from 0 to {MOST_DAYS}",
                code="bad-days",
            )
        values = {"first": period.first - timedelta(days=most_days), "end": period.end}
        stated: dict[tuple[str, str], list[tuple[date, Decimal, str]]] = {}
        for row in store.rows("exchange/held", values):
            pair = (cast(str, row["from_currency"]), cast(str, row["to_currency"]))
            said = (cast(date, row["day"]), cast(Decimal, row["rate"]), cast(str, row["source"]))
            stated.setdefault(pair, []).append(said)
        return cls(stated, most_days)

    def on(self, day: date, from_currency: str, to_currency: str) -> DayRate | None:
        """Return the rate for a day; None where nobody stated one for it or the last days before it.

        A rate stated between the two goes before one stated the other way round, and that before two through the
        euro. Of each the last one on or before the day is used.
        """
        if from_currency == to_currency:
            return DayRate(day, from_currency, to_currency, _ONE, ())
        direct = self._leg(day, from_currency, to_currency)
        legs = (direct,) if direct else self._crossed(day, from_currency, to_currency)
        return DayRate(day, from_currency, to_currency, _product(legs), legs) if legs else None

    def _crossed(self, day: date, from_currency: str, to_currency: str) -> tuple[Leg, ...]:
        if PIVOT in (from_currency, to_currency):
            return ()
        into, out = self._leg(day, from_currency, PIVOT), self._leg(day, PIVOT, to_currency)
        return (into, out) if into and out else ()

    def _leg(self, day: date, from_currency: str, to_currency: str) -> Leg | None:
        for pair, inverse in (((from_currency, to_currency), False), ((to_currency, from_currency), True)):
            stated = self._stated.get(pair, [])
            place = bisect_right(stated, day, key=lambda one: one[0])
            if place and (day - stated[place - 1][0]).days <= self.most_days:
                said, rate, source = stated[place - 1]
                return Leg(said, from_currency, to_currency, rate, inverse, source)
        return None


def _product(legs: Iterable[Leg]) -> Decimal:
    """Return the one rate that some legs make, rounded once."""
    over, under = _ONE, _ONE
    for leg in legs:
        if leg.inverse:
            under = EXACT.multiply(under, leg.stated)
        else:
            over = EXACT.multiply(over, leg.stated)
    return EXACT.divide(over, under).quantize(ATTO, context=EXACT)


def reporting(currency: str) -> str:
    """Return a reporting currency.

    Raises:
        BadInput: It is no ISO 4217 code.
    """
    if currency not in CURRENCIES:
        raise BadInput(
            f"{currency!r} is not a currency",
            fix="write an ISO 4217 code in capitals, such as EUR",
            code="bad-currency",
        )
    return currency


def as_text(rates: Iterable[DayRate]) -> str:
    """Return rates as the text that queries take them from: `day,currency,rate in 1e-18`, joined by `;`."""

    def parts() -> Iterator[str]:
        yield "1970-01-01,,0"  # a text without an entry could not be taken apart
        for one in rates:
            yield f"{one.day},{one.from_currency},{one.atto}"

    return ";".join(parts())
