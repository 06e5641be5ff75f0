"""Periods: half-open spans of time in UTC, and the calendar month that a ledger is kept by."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from outlay.errors import BadInput

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_MONTHS = 12
#: What every engine can keep: ClickHouse takes days before and after for these.
_FIRST, _LAST = date(1900, 1, 1), date(2299, 1, 1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A half-open span of whole days, `[first, end)`, in UTC, from 1900 on and before 2299.

    >>> Period.month("2026-02")
    Period(first=datetime.date(2026, 2, 1), end=datetime.date(2026, 3, 1))
    >>> str(Period.parse("2026-02-01..2026-02-15")), Period.parse("2026-02").days
    ('2026-02-01..2026-02-15', 28)
    """

    first: date
    end: date

    def __post_init__(self) -> None:
        """Refuse a period that ends before it begins, or that no engine can keep."""
        if self.first < _FIRST or self.end > _LAST:
            raise BadInput(
                f"period {self.first}..{self.end} is not within the years 1900 to 2298",
                fix="check the year",
                code="bad-date",
            )
        if self.end <= self.first:
            raise BadInput(
                f"period {self.first}..{self.end} is empty",
                fix="the second day is not part of the period; give a later one",
                code="empty-period",
            )

    @classmethod
    def month(cls, text: str) -> "Period":
        """Read `YYYY-MM` as the whole calendar month."""
        found = _MONTH.fullmatch(text)
        if not found or not 1 <= int(found[2]) <= _MONTHS:
            raise BadInput(f"{text!r} is not a month", fix="write it as YYYY-MM, for example 2026-10", code="bad-date")
        first = day(f"{text}-01")
        return cls(first, next_month(min(first, _LAST)))

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read `YYYY-MM`, `YYYY-MM-DD` (one day) or `YYYY-MM-DD..YYYY-MM-DD` (the end not included)."""
        if ".." in text:
            first, _, end = text.partition("..")
            return cls(day(first), day(end))
        if _MONTH.fullmatch(text):
            return cls.month(text)
        only = day(text)
        return cls(only, min(only, _LAST) + timedelta(days=1))

    @property
    def starts_at(self) -> datetime:
        """Return the first instant."""
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)

    @property
    def ends_at(self) -> datetime:
        """Return the instant just after the last."""
        return datetime(self.end.year, self.end.month, self.end.day, tzinfo=UTC)

    @property
    def days(self) -> int:
        """Return the number of days."""
        return (self.end - self.first).days

    @property
    def name(self) -> str:
        """Return `YYYY-MM` for a whole month, else `first..end`."""
        whole = self.first.day == 1 and self.end == next_month(self.first)
        return f"{self.first:%Y-%m}" if whole else str(self)

    def months(self) -> list["Period"]:
        """Return the whole months this period touches, in order."""
        found, first = [], self.first.replace(day=1)
        while first < self.end:
            found.append(Period(first, next_month(first)))
            first = next_month(first)
        return found

    def __str__(self) -> str:
        """Return `first..end`, the form `parse` reads."""
        return f"{self.first}..{self.end}"


def day(text: str) -> date:
    """Read `YYYY-MM-DD`.

    Raises:
        BadInput: It is not a day of the calendar.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadInput(
            f"{text!r} is not a day", fix="write it as YYYY-MM-DD, for example 2026-10-31", code="bad-date"
        ) from error


def next_month(first: date) -> date:
    """Return the first day of the month after the given day's month."""
    return date(first.year + first.month // _MONTHS, first.month % _MONTHS + 1, 1)
