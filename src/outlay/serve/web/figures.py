"""Figures: numbers and days as people read them, with the exact ones kept beside them.

Comes in: decimals, counts, days. Goes out: text, short for reading and exact for whoever needs every digit.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from outlay.terms.money import EXACT, plain
from outlay.terms.period import Period

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
_MINUS = "−"
_THIN = "\u202f"
_WHOLE_FROM = 1000
_CENT = Decimal("0.01")
_MOST_PLACES = 6


class Figures:
    """Writes the amounts of one page, all in one currency and to the same number of places.

    Args:
        currency: ISO 4217 code; None when nothing is billed.
        largest: The largest amount of the page; from a thousand up, cents only distract.
    """

    def __init__(self, currency: str | None, largest: Decimal) -> None:
        self.currency = currency or ""
        self._places = 0 if abs(largest) >= _WHOLE_FROM else 2

    def per(self, amount: Decimal) -> str:
        """Return an amount per one of something, which may be tiny: to three figures, at most six places.

        >>> Figures("USD", Decimal(5000)).per(Decimal("0.00123456"))
        '$0.00123'
        """
        places = 2
        while amount and places < _MOST_PLACES and abs(amount) < Decimal(1).scaleb(2 - places):
            places += 1
        return self._written(amount, places, signed=False)

    def cash(self, amount: Decimal, *, signed: bool = False) -> str:
        """Return an amount to the cent, and one below a cent as `per` does.

        >>> Figures("USD", Decimal(0)).cash(Decimal("0.96")), Figures("USD", Decimal(0)).cash(Decimal("0.0012345"))
        ('$0.96', '$0.00123')
        """
        if amount and abs(amount) < _CENT:
            return f"{'+' if signed and amount > 0 else ''}{self.per(amount)}"
        return self._written(amount, 2, signed=signed)

    def short(self, amount: Decimal, *, signed: bool = False) -> str:
        """Return an amount as plain text, rounded for reading.

        >>> figures = Figures("USD", Decimal(5000))
        >>> figures.short(Decimal("1234.5")), figures.short(Decimal("-0.2"), signed=True), figures.short(Decimal(0))
        ('$1,234', '−<$1', '$0')
        """
        return self._written(amount, self._places, signed=signed)

    def exact(self, amount: Decimal) -> str:
        """Return an amount with all its digits.

        >>> Figures("USD", Decimal(0)).exact(Decimal("1234.567000000001"))
        '1,234.567000000001 USD'
        """
        whole, _, rest = plain(abs(amount)).partition(".")
        sign = _MINUS if amount < 0 else ""
        return f"{sign}{int(whole):,}{f'.{rest}' if rest else ''} {self.currency}".strip()

    def _written(self, amount: Decimal, places: int, *, signed: bool) -> str:
        step = Decimal(1).scaleb(-places)
        size = abs(amount).quantize(step, rounding=ROUND_HALF_EVEN, context=EXACT)
        sign = _MINUS if amount < 0 else ("+" if signed and amount > 0 else "")
        if size or not amount:
            return f"{sign}{self._unit(f'{size:,f}')}"
        return f"{sign}<{self._unit(f'{step:f}')}"

    def _unit(self, digits: str) -> str:
        if self.currency in _SYMBOLS:
            return f"{_SYMBOLS[self.currency]}{digits}"
        return f"{digits}\u00a0{self.currency}" if self.currency else digits


def count(value: object) -> str:
    """Return a whole number with separators.

    >>> count(1234567), count(None)
    ('1,234,567', '–')
    """
    if isinstance(value, Decimal):
        return f"{value.quantize(Decimal(1)):,f}"
    return f"{value:,}" if isinstance(value, int) else "–"


def percent(ratio: Decimal | None, *, signed: bool = False) -> str:
    """Return a ratio in percent, to one place.

    >>> percent(Decimal("0.4237")), percent(Decimal("-0.05"), signed=True), percent(None)
    ('42.4\u202f%', '−5.0\u202f%', '–')
    """
    if ratio is None:
        return "–"
    value = (ratio * 100).quantize(Decimal("0.1"))
    sign = _MINUS if value < 0 else ("+" if signed and value > 0 else "")
    return f"{sign}{abs(value):,f}{_THIN}%"


def ratio_of(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return a part of a whole; None of nothing."""
    return EXACT.divide(part, whole) if whole else None


def permille(part: Decimal, whole: Decimal) -> int:
    """Return the length of a bar, from 0 to 1000.

    >>> permille(Decimal(1), Decimal(3)), permille(Decimal(-1), Decimal(2)), permille(Decimal(1), Decimal(0))
    (333, 500, 0)
    """
    return int(abs(part) * 1000 / abs(whole)) if whole else 0


def on(when: date) -> str:
    """Return a day.

    >>> on(date(2026, 10, 8))
    '8 October 2026'
    """
    return f"{when.day} {when:%B %Y}"


def at(when: datetime) -> str:
    """Return an instant, to the minute.

    >>> at(datetime(2026, 10, 8, 9, 5, tzinfo=UTC))
    '8 October 2026, 09:05 UTC'
    """
    there = when.astimezone(UTC)
    return f"{on(there)}, {there:%H:%M} UTC"


def apart(when: datetime, now: datetime) -> str:
    """Return how far an instant is from now.

    >>> noon = datetime(2026, 10, 8, 12, tzinfo=UTC)
    >>> apart(noon - timedelta(hours=3), noon), apart(noon + timedelta(minutes=5), noon), apart(noon, noon)
    ('3 hours ago', 'in 5 minutes', 'now')
    """
    minutes = abs(when - now) // timedelta(minutes=1)
    if not minutes:
        return "now"
    size, word = next((s, w) for s, w in ((2880, "day"), (60, "hour"), (1, "minute")) if minutes >= s or s == 1)
    size = 1440 if word == "day" else size
    count = minutes // size
    said = f"{count} {word}{'' if count == 1 else 's'}"
    return f"{said} ago" if when < now else f"in {said}"


def spoken(period: Period) -> str:
    """Return a period in words.

    >>> spoken(Period.month("2026-10")), spoken(Period.parse("2026-10-01..2026-10-15"))
    ('October 2026', '1 to 14 October 2026')
    """
    last = period.end - timedelta(days=1)
    if period.name == f"{period.first:%Y-%m}":
        return f"{period.first:%B %Y}"
    if period.days == 1:
        return on(last)
    if (period.first.year, period.first.month) == (last.year, last.month):
        return f"{period.first.day} to {on(last)}"
    return f"{on(period.first)} to {on(last)}"
