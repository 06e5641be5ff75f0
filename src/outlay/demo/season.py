"""The calendar of the story: its two months, when people work, and which release is out.

Comes in: days. Goes out: traffic weights as whole numbers, hours, releases. Only integers decide, so that
the same seed gives the same files on every machine.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from outlay.terms.period import Period

#: The months of the story, in order.
MONTHS = (Period.month("2026-09"), Period.month("2026-10"))
FIRST = MONTHS[0].first
#: What `traffic` calls an ordinary day at the start of the story.
ORDINARY = 100_000
#: Percent of an ordinary day, Monday to Sunday; the mean is 100.
_WEEKDAYS = (118, 124, 122, 120, 112, 52, 52)
#: How many of about a hundred calls fall into each hour (UTC), 0 to 23.
_BY_HOUR = (1, 1, 1, 1, 1, 2, 3, 5, 6, 7, 7, 6, 6, 7, 8, 8, 8, 7, 5, 4, 3, 2, 1, 1)
#: One entry per call of such a hundred: pick one at random to get an hour.
HOURS = tuple(hour for hour, calls in enumerate(_BY_HOUR) for _ in range(calls))
#: Hours (UTC) in which someone is at work on a weekday.
WORKDAY = range(7, 19)


@dataclass(frozen=True, slots=True)
class Release:
    """A version that was deployed to all services.

    Args:
        name: Its version.
        released_at: The instant from which calls carry it.
    """

    name: str
    released_at: datetime


#: Every release that the events carry, oldest first.
RELEASES = (
    Release("2026.08.3", datetime(2026, 8, 19, 9, tzinfo=UTC)),
    Release("2026.09.1", datetime(2026, 9, 2, 9, tzinfo=UTC)),
    Release("2026.09.2", datetime(2026, 9, 16, 9, tzinfo=UTC)),
    Release("2026.10.1", datetime(2026, 10, 1, 9, tzinfo=UTC)),
    Release("2026.10.2", datetime(2026, 10, 8, 9, tzinfo=UTC)),
    Release("2026.10.3", datetime(2026, 10, 21, 9, tzinfo=UTC)),
)
#: The release whose tagger reads every document with the large model.
CULPRIT = RELEASES[4]


def days(month: Period) -> list[date]:
    """Return the days of a month, in order."""
    return [month.first + timedelta(days=i) for i in range(month.days)]


def traffic(day: date) -> int:
    """Return a day's traffic, in parts of `ORDINARY`: the weekday's rhythm and one per mille of growth a day.

    >>> traffic(date(2026, 9, 1)), traffic(date(2026, 10, 31))
    (124000, 55120)
    """
    return _WEEKDAYS[day.weekday()] * (1000 + (day - FIRST).days)


def at_work(day: date, hour: int) -> bool:
    """Say whether anyone is at work in this hour (UTC).

    >>> at_work(date(2026, 9, 1), 12), at_work(date(2026, 9, 5), 12), at_work(date(2026, 9, 1), 3)
    (True, False, False)
    """
    return day.weekday() < 5 and hour in WORKDAY  # noqa: PLR2004 - Saturday is 5


@lru_cache(maxsize=4096)
def released(day: date, hour: int) -> Release:
    """Return the release that is out in an hour (UTC) of a day; releases go out on the hour.

    >>> released(date(2026, 10, 8), 8).name, released(date(2026, 10, 8), 9).name
    ('2026.10.1', '2026.10.2')
    """
    instant = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return next(release for release in reversed(RELEASES) if release.released_at <= instant)
