"""The months a source is asked for: a bill is fetched by whole months, because a month is what replaces a month.

Comes in: the period asked for, and the instant. Goes out: months, each up to the last day that can have a cost.
"""

from datetime import date, datetime, timedelta

from outlay.errors import BadInput
from outlay.terms.period import Period


def months_asked(period: Period | None, now: datetime) -> list[Period]:
    """Return the whole months to fetch, oldest first.

    Args:
        period: As asked for; None means the month before this one, which may still change, and this month.
        now: The instant of the import.

    Raises:
        BadInput: It is not made of whole months, or begins in the future.

    >>> from datetime import UTC
    >>> [month.name for month in months_asked(None, datetime(2026, 11, 2, 9, tzinfo=UTC))]
    ['2026-10', '2026-11']
    """
    today = now.date()
    if period is None:
        this = Period(today.replace(day=1), today + timedelta(days=1)).months()[0]
        return [Period.month(f"{this.first - timedelta(days=1):%Y-%m}"), this]
    months = period.months()
    if (months[0].first, months[-1].end) != (period.first, period.end):
        raise BadInput(
            f"{period} is not made of whole months",
            fix="a fetched bill replaces whole months; give --period YYYY-MM",
            code="not-a-month",
        )
    if period.first > today:
        raise BadInput(f"{period.name} has not begun", fix="check the year", code="future-period")
    return [month for month in months if month.first <= today]


def months_before(now: datetime, count: int) -> Period:
    """Return the month that was so many months ago.

    >>> from datetime import UTC
    >>> months_before(datetime(2026, 11, 2, tzinfo=UTC), 13).name
    '2025-10'
    """
    place = now.year * 12 + now.month - 1 - count
    return Period.month(f"{place // 12:04}-{place % 12 + 1:02}")


def up_to_today(month: Period, now: datetime) -> Period:
    """Return the days of a month that can have a cost: those up to and including today."""
    return Period(month.first, min(month.end, max(now.date() + timedelta(days=1), month.first + timedelta(days=1))))


def settles_on(end: date, days: int) -> date:
    """Return the day on which what ended before `end` can no longer change, being `days` old."""
    return end + timedelta(days=days)
