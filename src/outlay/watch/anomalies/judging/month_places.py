"""Which earlier days stand at the same place of their month: a bill of the first, a job of the last business day.

Comes in: days in a row. Goes out: for each, the columns of its like one, two and three months before.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from outlay.watch.anomalies.judging.medians import Flags

_FRIDAY = 4
#: Business days at either end of a month that jobs are tied to.
_TIED = 3


@dataclass(frozen=True, slots=True)
class MonthPlaces:
    """Where each day stands in its month.

    Args:
        like: For each day, the columns of its like one, two and three months before, as far as they are there.
        likes: For each day, how many days of the month before are like it, whether they are there or not.
        edge: Whether a day is one on which months end or begin, by days or by business days.
    """

    like: Sequence[tuple[Sequence[int], Sequence[int], Sequence[int]]]
    likes: Sequence[int]
    edge: Flags


def month_places(days: Sequence[date]) -> MonthPlaces:
    """Return the place of each day in its month, and its like in the months before.

    >>> from datetime import timedelta
    >>> january = [date(2026, 1, 1) + timedelta(days=number) for number in range(60)]
    >>> places = month_places(january)
    >>> [january[number].isoformat() for number in places.like[58][0]]  # of the last of February, a Saturday
    ['2026-01-28', '2026-01-31']
    """
    column = {day: number for number, day in enumerate(days)}
    likes = [
        tuple(sorted(column[like] for like in _likes(day, back) if like in column) for back in (1, 2, 3))
        for day in days
    ]
    edge = np.array([_is_edge(day) for day in days], dtype=np.bool_)
    return MonthPlaces([(one, two, three) for one, two, three in likes], [len(_likes(day, 1)) for day in days], edge)


def _likes(day: date, back: int) -> set[date]:
    """Return the days that stand where this one does, so many months before."""
    year, month = divmod(day.year * 12 + day.month - 1 - back, 12)
    if year < 1:
        return set()
    month += 1
    size, ours = monthrange(year, month)[1], monthrange(day.year, day.month)[1]
    found = {date(year, month, day.day)} if day.day <= size else set()
    if size - (ours - day.day) >= 1:
        found.add(date(year, month, size - (ours - day.day)))
    if day.weekday() <= _FRIDAY:
        there, here = _business_days(year, month), _business_days(day.year, day.month)
        place = here.index(day)
        if place < _TIED:
            found.add(there[place])
        if len(here) - place <= _TIED:
            found.add(there[place - len(here)])
    return found


def _business_days(year: int, month: int) -> list[date]:
    days = [date(year, month, number) for number in range(1, monthrange(year, month)[1] + 1)]
    return [day for day in days if day.weekday() <= _FRIDAY]


def _is_edge(day: date) -> bool:
    if day.day == 1 or monthrange(day.year, day.month)[1] - day.day <= 1:
        return True
    business = _business_days(day.year, day.month)
    return day in (business[0], business[-1])
