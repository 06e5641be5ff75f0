"""Conversion: the rates for an answer about one period, worked out once, and how the answer says what they were.

Comes in: a period and the currency that is wanted. Goes out: rates by day and currency; nothing is ever converted at
a rate that nobody stated.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

from outlay.errors import Broken
from outlay.exchange.rates import DEFAULT_DAYS, DayRate, Rates, as_text, reporting
from outlay.store import Store
from outlay.terms.money import EXACT
from outlay.terms.period import Period, next_month

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class InCurrency:
    """The currency that an answer is wanted in.

    Args:
        currency: ISO 4217 code.
        most_days: How many days before the day a rate may be from.
    """

    currency: str
    most_days: int = DEFAULT_DAYS

    def __post_init__(self) -> None:
        """Refuse what is no currency."""
        reporting(self.currency)


@dataclass(frozen=True, slots=True)
class Worth:
    """What several amounts are worth together, before anything is rounded.

    Args:
        exact: In the reporting currency.
        original: The amounts it is made of, by currency.
        unrated: Amounts without a rate, by currency.
    """

    exact: Decimal
    original: Mapping[str, Decimal]
    unrated: Mapping[str, Decimal]


class Conversion:
    """The rates for an answer about one period.

    Args:
        store: Holds the rates.
        period: The period that is asked about.
        wanted: The currency of the answer.
    """

    def __init__(self, store: Store, period: Period, wanted: InCurrency) -> None:
        self.wanted = wanted
        end = next_month((period.end - timedelta(days=1)).replace(day=1))  # a charge may be longer than the period
        days = Period(period.first, max(end, period.end))
        self._rates = Rates.load(store, days, most_days=wanted.most_days)
        self._found: dict[tuple[date, str], DayRate | None] = {}
        self._known = _currencies(store, period)
        for currency in self._known:
            for place in range(days.days):
                self.on(days.first + timedelta(days=place), currency)

    def on(self, day: date, currency: str) -> DayRate | None:
        """Return the rate of a day; None where there is none."""
        key = (day, currency)
        if key not in self._found:
            self._found[key] = self._rates.on(day, currency, self.wanted.currency)
        return self._found[key]

    @property
    def text(self) -> str:
        """Return the rates as queries take them (`$rates`)."""
        return as_text(rate for rate in self._found.values() if rate)

    def worth(self, amounts: Iterable[tuple[date, str, Decimal]]) -> Worth:
        """Return what amounts of days and currencies are worth together."""
        exact, original, unrated = _ZERO, dict[str, Decimal](), dict[str, Decimal]()
        for day, currency, amount in amounts:
            rate = self.on(day, currency)
            held = original if rate else unrated
            held[currency] = held.get(currency, _ZERO) + amount
            if rate:
                exact = EXACT.add(exact, EXACT.multiply(amount, rate.rate))
        return Worth(exact, original, unrated)

    def stated(self, period: Period, unrated: Mapping[str, Decimal], used: Collection[str]) -> dict[str, object]:
        """Return how an answer was converted, as it stands in the answer.

        Args:
            period: The period that was asked about.
            unrated: Amounts without a rate, by currency.
            used: The currencies that amounts of the answer are in.

        Returns:
            `currency`, `most_days`, `rates` (one for each day and currency that was converted, with the stated rates it
            is made of and their days) and `not_converted` (amounts without a rate, and why).
        """
        rates = [
            {
                "day": rate.day,
                "from": rate.from_currency,
                "rate": rate.rate,
                "legs": [
                    {
                        "from": leg.from_currency,
                        "to": leg.to_currency,
                        "stated": leg.stated,
                        "inverse": leg.inverse,
                        "day": leg.day,
                        "source": leg.source,
                    }
                    for leg in rate.legs
                ],
            }
            for (day, currency), rate in sorted(self._found.items(), key=lambda one: one[0])
            if rate and rate.legs and currency in used and period.first <= day < period.end
        ]
        return {
            "currency": self.wanted.currency,
            "most_days": self.wanted.most_days,
            "rates": rates,
            "not_converted": [
                {"currency": currency, "amount": amount, "reason": self.reason(currency)}
                for currency, amount in sorted(unrated.items())
            ],
        }

    def reason(self, currency: str) -> str:
        """Return why amounts in a currency were not converted.

        Raises:
            Broken: No rate was looked for.
        """
        if currency not in self._known:
            raise Broken(f"rates of {currency} were not looked for, so nothing can be said about them")
        days = sorted(day for (day, own), rate in self._found.items() if own == currency and rate is None)
        when = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
        return (
            f"no rate from {currency} to {self.wanted.currency} on {when} or in the {self.wanted.most_days} days before"
            " it; import one: outlay import ecb FILE, or rates_csv"
        )


def _currencies(store: Store, period: Period) -> set[str]:
    """Return the currencies for which rates are wanted."""
    values = {"first": period.first, "end": period.end, "starts_at": period.starts_at, "ends_at": period.ends_at}
    return {cast(str, row["currency"]) for row in store.rows("exchange/currencies", values)}
