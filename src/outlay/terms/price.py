"""Price: an amount per so many units, in force over a period, in a context; and the lack of one, with its reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from outlay.errors import Broken

#: The beginning and the end of prices that have none.
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
#: The context of the ordinary price.
ORDINARY = ""
#: The value of a context that holds for whatever is asked for under its key, as long as it is not the ordinary.
ANY = "*"
#: The key of a context that holds in some hours of each day (UTC), for example `hours=16:30-00:30`.
HOURS = "hours"
#: The key of a context that holds on some days of each week (UTC), for example `days=sat-sun` or `days=mon,wed`.
DAYS = "days"
#: The key of a context that names whose use it is, as the provider bills it: an account, a project, a workspace. A
#: price that names none holds for every one.
PROJECT = "project"
#: What of a context is a matter of the instant, and not of how something was asked for.
TIMED = frozenset({HOURS, DAYS})

#: Why there is no price.
UNKNOWN_PROVIDER = "unknown-provider"
UNKNOWN_MODEL = "unknown-model"
UNKNOWN_UNIT = "unknown-unit"
UNKNOWN_CONTEXT = "unknown-context"
NO_PRICE_THEN = "no-price-then"

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Price:
    """An amount for so many of one unit of one model, as one source states it.

    Args:
        provider: Who is paid.
        model: The model's own name in the price book.
        unit: What is priced.
        context: `tier=flex`, `processing=batch`, ... joined by `;`, keys in order; empty for the ordinary price.
        size_from: Prompt size in tokens from which it holds for the whole request; of a marginal price, which of the
            unit's own tokens is the first that costs it.
        amount: In `currency`, at most 12 decimal places; 0 means free, which somebody has to have said.
        per: For how many units.
        currency: ISO 4217 code.
        valid_from: From this instant.
        valid_to: Up to this one, not included.
        source: Who says so.
        recorded_at: When we learnt it.
        marginal: Whether it is for the unit's tokens from `size_from` on only, not for the whole request.
        steps: Marginal prices of the unit's later tokens, by `size_from`; empty where all cost the same.
    """

    provider: str
    model: str
    unit: str
    context: str
    size_from: int
    amount: Decimal
    per: int
    currency: str
    valid_from: datetime
    valid_to: datetime
    source: str
    recorded_at: datetime
    marginal: bool = False
    steps: tuple["Price", ...] = ()

    def portions(self, quantity: Decimal) -> list[tuple[Decimal, "Price"]]:
        """Return how many of a quantity each price is for: this one, and those of the steps that are reached.

        >>> from functools import partial
        >>> price = partial(Price, "acme", "m-1", "input", "", per=1, currency="USD", valid_from=ALWAYS,
        ...     valid_to=FOREVER, source="list", recorded_at=ALWAYS)
        >>> above = price(size_from=101, amount=Decimal(5), marginal=True)
        >>> [(n, p.amount) for n, p in price(size_from=0, amount=Decimal(2), steps=(above,)).portions(Decimal(130))]
        [(Decimal('100'), Decimal('2')), (Decimal('30'), Decimal('5'))]
        """
        ends = [min(Decimal(step.size_from - 1), quantity) for step in self.steps] + [quantity]
        found = [(ends[0], self)]
        for before, end, step in zip(ends, ends[1:], self.steps, strict=False):
            found += [(end - before, step)] if end > before else []
        return found

    def of(self, place: int) -> "Price":
        """Return the price of one of the unit's tokens, counted from 1."""
        return next((step for step in reversed(self.steps) if step.size_from <= place), self)

    @property
    def atto(self) -> int:
        """Return the price of one unit in 1e-18 of the currency.

        Raises:
            Broken: It is not a whole number of those; such a price may not enter the book for a token.
        """
        whole, rest = divmod(int(self.amount.scaleb(18)), self.per)
        if rest:
            raise Broken(
                f"{self.amount} {self.currency} per {self.per} {self.unit} ({self.provider} {self.model}) is not whole"
                " in 1e-18 for one of them"
            )
        return whole


@dataclass(frozen=True, slots=True)
class Unpriced:
    """No price, and why. It never counts as zero.

    Args:
        reason: unknown-provider, unknown-model, unknown-unit, unknown-context or no-price-then.
        provider: As asked for.
        model: As asked for.
        unit: As asked for; empty when that did not come into it.
        nearest: Names of the price book that resemble what was not found, the nearest first.
        fix: What gives it a price, where that is known; else empty.
    """

    reason: str
    provider: str
    model: str
    unit: str = ""
    nearest: tuple[str, ...] = ()
    fix: str = ""


def context_text(context: Mapping[str, str]) -> str:
    """Write a context as the price book does.

    >>> context_text({"tier": "flex", "processing": "batch"})
    'processing=batch;tier=flex'
    """
    return ";".join(f"{key}={context[key]}" for key in sorted(context))


def context_of(text: str) -> dict[str, str]:
    """Read a context as the price book writes it.

    >>> context_of("processing=batch;tier=flex")
    {'processing': 'batch', 'tier': 'flex'}
    """
    return dict(pair.partition("=")[::2] for pair in text.split(";") if pair)


def window_of(text: str) -> tuple[timedelta, timedelta] | None:
    """Read `HH:MM-HH:MM` as two times of the day in UTC, the second not included; None when it is not that.

    >>> window_of("16:30-00:30")
    (datetime.timedelta(seconds=59400), datetime.timedelta(seconds=1800))
    """
    found = _WINDOW.fullmatch(text)
    if not found:
        return None
    hours = [int(part) for part in found.groups()]
    return timedelta(hours=hours[0], minutes=hours[1]), timedelta(hours=hours[2], minutes=hours[3])


def days_of(text: str) -> frozenset[int] | None:
    """Read `sat-sun` or `mon,wed` as days of the week, Monday being 0; None when it is not that.

    >>> sorted(days_of("sat-mon") or ()), days_of("weekend")
    ([0, 5, 6], None)
    """
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first not in _WEEK or (last or first) not in _WEEK:
            return None
        start, end = _WEEK.index(first), _WEEK.index(last or first)
        found.update(day % len(_WEEK) for day in range(start, end + 1 if end >= start else end + 1 + len(_WEEK)))
    return frozenset(found)
