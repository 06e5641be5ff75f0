"""Amounts a day of several series, side by side: read from a table, or gathered from rows of the ledger.

Comes in: a CSV file of `series,day,amount`, or (series, currency, day, amount). Goes out: `DailySeries`, arrays of
one row a series and one column a day.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from outlay.errors import BadInput, Unreadable
from outlay.terms.problem import Problem

Amounts = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

COLUMNS = ("series", "day", "amount")
OPTIONAL = ("holiday", "release", "currency")
#: Cells (series times days) that are held at most: 8 bytes each, several times over while one reckons with them.
MOST_CELLS = 50_000_000
_YEARS = range(1970, 2200)
_NO = {"", "0", "0.0", "false", "no", "n", "f", "none", "null", "nan", "-"}
#: Above this, numbers of 64 bits no longer add up to anything meant as money.
_MOST = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class DailySeries:
    """Amounts a day of several series, in whole days without gaps.

    A day without a row, after the first row of its series, is an amount of zero: where nothing was used, a bill has no
    line. Before its first row a series was not born, and `born` says so. After its last row, while other series go on,
    it is zero too.

    Args:
        names: Name of each series.
        currencies: Currency of each series; None where the table names none.
        first: The day of the first column.
        amounts: One row a series, one column a day, up to the last day that has an amount. These are for statistics:
            64-bit numbers, not money to be added up.
        born: Column of the first row of each series.
        seen: Whether a row stood on that day, of the same shape as `amounts`.
        holidays: Whether a day is a holiday of that series; may have further columns for days to come.
        releases: What was released, by series and column.
        problems: Lines that could not be read.
    """

    names: Sequence[str]
    currencies: Sequence[str | None]
    first: date
    amounts: Amounts
    born: Counts
    seen: Flags
    holidays: Flags
    releases: Mapping[tuple[int, int], str] = field(default_factory=dict)
    problems: Sequence[Problem] = ()

    @property
    def last(self) -> date:
        """The last day that has an amount in any series."""
        return self.first + timedelta(days=self.amounts.shape[1] - 1)

    @property
    def days(self) -> list[date]:
        """The day of each column of `amounts`."""
        return [self.first + timedelta(days=number) for number in range(self.amounts.shape[1])]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table of series: a day of a series.

    Args:
        series: Its name.
        currency: Its currency; None where none is named.
        day: The day.
        amount: What it cost; None says nothing of that, as for a holiday to come.
        holiday: Whether the day is a holiday.
        release: What was released on it; None for nothing.
    """

    series: str
    currency: str | None
    day: date
    amount: Decimal | None
    holiday: bool = False
    release: str | None = None


def read_table(path: Path) -> DailySeries:
    """Read a CSV file of `series,day,amount`, and `holiday`, `release` and `currency` where it has them.

    Lines may stand in any order; several lines of one series and day are added up. A day is written YYYY-MM-DD; an
    instant with a zone counts for the day it has in UTC. A series in two currencies is two series. A holiday to come
    is a line without an amount.

    Args:
        path: The file, UTF-8, with a header.

    Returns:
        The series in order of name, and the lines that could not be read as problems.

    Raises:
        Unreadable: It is no CSV of UTF-8 text, or lacks a column.
        BadInput: No line of it can be used, or it spans more days and series than can be held.
    """
    problems: list[Problem] = []
    found = gathered(_lines(path, problems), problems)
    if found is None:
        if problems:
            at = problems[0]
            where = f"line {at.line:,}: {at.code}" + (f" in column {at.column!r}" if at.column else "")
            raise BadInput(f"no line of {path.name} can be used; {where}", fix=at.fix, code=at.code)
        raise BadInput(f"{path.name} has no amounts", fix="write lines of series,day,amount", code="empty-table")
    return found


def gathered(lines: Iterable[Line], problems: Sequence[Problem] = ()) -> DailySeries | None:
    """Put lines side by side; None when none has an amount.

    Args:
        lines: In any order; amounts of one series, currency and day are added up, exactly.
        problems: Those met on the way; taken as they are when the last line is.

    Raises:
        BadInput: They span more days and series than can be held.

    >>> rows = [Line("a", "EUR", date(2026, 3, number), Decimal(number)) for number in (1, 3, 1)]
    >>> found = gathered(rows)
    >>> found.amounts.tolist(), found.last.isoformat()
    ([[2.0, 0.0, 3.0]], '2026-03-03')
    """
    sums: dict[tuple[str, str], dict[int, Decimal]] = {}
    holidays: list[tuple[tuple[str, str], int]] = []
    releases: dict[tuple[tuple[str, str], int], str] = {}
    for line in lines:
        key, day = (line.series, line.currency or ""), line.day.toordinal()
        if line.amount is not None:
            days = sums.setdefault(key, {})
            days[day] = days[day] + line.amount if day in days else line.amount
        if line.holiday:
            holidays.append((key, day))
        if line.release:
            releases[key, day] = line.release
    if not sums:
        return None
    first, last = min(map(min, sums.values())), max(map(max, sums.values()))
    _has_room(len(sums), date.fromordinal(first), date.fromordinal(last))
    keys = sorted(sums)
    place = {key: number for number, key in enumerate(keys)}
    amounts = np.zeros((len(keys), last - first + 1))
    seen = np.zeros(amounts.shape, dtype=np.bool_)
    for key, number in place.items():
        days = sums[key]
        columns = np.fromiter(days, dtype=np.int64, count=len(days)) - first
        amounts[number, columns] = np.fromiter(days.values(), dtype=np.float64, count=len(days))
        seen[number, columns] = True
    known = [(place[key], day - first) for key, day in holidays if key in place and day >= first]
    return DailySeries(
        names=[name for name, _ in keys],
        currencies=[currency or None for _, currency in keys],
        first=date.fromordinal(first),
        amounts=amounts,
        born=seen.argmax(axis=1),
        seen=seen,
        holidays=_flags(known, len(keys), amounts.shape[1]),
        releases={(place[key], day - first): name for (key, day), name in releases.items() if key in place},
        problems=tuple(problems),
    )


def _flags(known: Sequence[tuple[int, int]], series: int, days: int) -> Flags:
    """Return holidays as an array, with days to come as far as two years ahead where any is known."""
    ahead = min(max((day + 1 for _, day in known), default=days), days + 731)
    flags = np.zeros((series, max(days, ahead)), dtype=np.bool_)
    for number, day in known:
        if day < flags.shape[1]:
            flags[number, day] = True
    return flags


def _has_room(series: int, first: date, last: date) -> None:
    days = (last - first).days + 1
    if series * days > MOST_CELLS:
        raise BadInput(
            f"{series:,} series over {days:,} days ({first} to {last}) are more than {MOST_CELLS:,} amounts",
            fix="leave out series or days, and look for a day whose year is wrong",
            code="too-large",
        )


def _lines(path: Path, problems: list[Problem]) -> Iterator[Line]:
    """Yield the lines that can be read; append the others to the problems."""
    days: dict[str, date] = {}  # the same days come for every series
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            columns = _columns(path, header)
            for cells in reader:
                if not cells:
                    continue
                found = _line(cells, len(header), columns, days)
                if isinstance(found, Line):
                    yield found
                else:
                    code, column, value, fix = found
                    stake = None if code == "wrong-column-count" else _amount(cells[columns["amount"]])
                    problems.append(Problem(code, path.name, reader.line_num, column, value, stake, None, fix))
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is not UTF-8 text", fix="save it as UTF-8", code="bad-encoding") from error
    except csv.Error as error:
        raise Unreadable(
            f"{path.name} cannot be read as CSV: {error}", fix="mend the line that holds it", code="bad-csv"
        ) from error
    except OSError as error:
        raise Unreadable(
            f"{path} cannot be read: {error.strerror}", fix="give the path of a CSV file", code="no-file"
        ) from error


def _columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    if missing := [name for name in COLUMNS if name not in header]:
        raise Unreadable(
            f"{path.name} has no column {missing[0]!r}; it has {', '.join(header)[:200] or 'none'}",
            fix=f"give it these columns: {', '.join(COLUMNS)} (and, if you like, {', '.join(OPTIONAL)})",
            code="missing-column",
        )
    return {name: header.index(name) for name in (*COLUMNS, *OPTIONAL) if name in header}


def _line(
    cells: Sequence[str], width: int, columns: Mapping[str, int], days: dict[str, date]
) -> Line | tuple[str, str | None, str | None, str]:
    """Return a line, or the code, column, value and mend of what is wrong with it."""
    if len(cells) != width:
        return "wrong-column-count", None, None, "give every line as many fields as the header"
    name, day, written = (cells[columns[column]].strip() for column in COLUMNS)
    holiday, release, currency = (cells[columns[column]].strip() if column in columns else "" for column in OPTIONAL)
    if not name:
        return "missing-value", "series", None, "name the series"
    when = days.get(day) or _day(day)
    if when is None:
        return "bad-day", "day", day[:80], "write the day as YYYY-MM-DD, or an instant with its zone"
    days[day] = when
    is_holiday = holiday.lower() not in _NO
    amount = _amount(written)
    if amount is None and (written or not (is_holiday or release)):
        code = "bad-amount" if written else "missing-value"
        return code, "amount", written[:80] or None, "write the amount as a number such as 1234.50"
    return Line(name, currency or None, when, amount, is_holiday, release or None)


def _day(text: str) -> date | None:
    """Return the day a text names; None when it names none.

    >>> _day("2026-03-01T23:30:00-05:00")
    datetime.date(2026, 3, 2)
    """
    try:
        if len(text) == len("2026-03-01"):
            found = date.fromisoformat(text)
        else:
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is not None:
                instant = instant.astimezone(UTC)
            elif instant.time() != datetime.min.time():  # of no zone, so of one day or of its neighbour
                return None
            found = instant.date()
    except (ValueError, OverflowError):
        return None
    return found if found.year in _YEARS else None


def _amount(text: str) -> Decimal | None:
    """Return the amount a text names; None when it names none that is money."""
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < _MOST else None
