"""Spread: an amount for a period, given to the months that the period's days are in, exactly."""

from datetime import date, datetime
from decimal import Decimal

from outlay.terms.money import split
from outlay.terms.period import Period

#: Nobody bills for longer ahead; more is a mistake.
_LONGEST_DAYS = 3660


def by_month(amount: Decimal, starts_at: datetime, ends_at: datetime) -> dict[date, Decimal]:
    """Return what of an amount each month gets, by its first day.

    Args:
        amount: In any currency.
        starts_at: Start of the period it is for, UTC; its day counts.
        ends_at: Its end; its day does not count, unless the period begins on it.

    Returns:
        Parts by number of days, the largest remainder first; they sum to the amount.

    Raises:
        ValueError: The period ends before it begins, or is longer than ten years.

    >>> from datetime import UTC
    >>> found = by_month(Decimal("31"), datetime(2026, 10, 15, 13, tzinfo=UTC), datetime(2026, 11, 15, 13, tzinfo=UTC))
    >>> [(str(month), str(part.normalize())) for month, part in found.items()]
    [('2026-10-01', '17'), ('2026-11-01', '14')]
    """
    first, end = starts_at.date(), ends_at.date()
    if ends_at < starts_at or (end - first).days > _LONGEST_DAYS:
        raise ValueError("the period ends before it begins, or is longer than ten years")
    if end == first:
        return {first.replace(day=1): amount}
    months = Period(first, end).months()
    days = [(min(month.end, end) - max(month.first, first)).days for month in months]
    return dict(zip((month.first for month in months), split(amount, days), strict=True))
