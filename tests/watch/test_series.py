from datetime import date
from pathlib import Path

import pytest

from outlay.errors import BadInput, OutlayError, Unreadable
from outlay.watch.series import DailySeries, read_table


def table(folder: Path, text: str) -> DailySeries:
    """Read a table of series that holds this text."""
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return read_table(path)


def test_lines_in_any_order_become_days_side_by_side(tmp_path: Path) -> None:
    """Lines of a day are added up exactly, a day without a line is zero, and a series begins with its first line."""
    found = table(
        tmp_path, "day,series,amount\n2026-03-04,b,1.5\n2026-03-01,a,0.1\n2026-03-01,a,0.2\n2026-03-03,a,-4\n"
    )
    assert (found.names, found.first, found.last) == (["a", "b"], date(2026, 3, 1), date(2026, 3, 4))
    assert found.amounts.tolist() == [[0.3, 0, -4, 0], [0, 0, 0, 1.5]]
    assert found.born.tolist() == [0, 3]
    assert found.seen.tolist() == [[True, False, True, False], [False, False, False, True]]
    assert found.days[1] == date(2026, 3, 2)


def test_a_holiday_to_come_needs_no_amount(tmp_path: Path) -> None:
    """Holidays and releases stand beside the amounts; holidays go on after the last of them."""
    found = table(
        tmp_path,
        "series,day,amount,holiday,release\na,2026-03-01,5,0,\na,2026-03-02,5,Carnival,v2\na,2026-03-05,,yes,\n",
    )
    assert found.last == date(2026, 3, 2)
    assert found.holidays.tolist() == [[False, True, False, False, True]]
    assert found.releases == {(0, 1): "v2"}
    assert not found.problems


def test_currencies_stay_apart(tmp_path: Path) -> None:
    """A series in two currencies is two series."""
    found = table(tmp_path, "series,day,amount,currency\na,2026-03-01,5,USD\na,2026-03-01,7,EUR\n")
    assert list(zip(found.names, found.currencies, found.amounts.tolist(), strict=True)) == [
        ("a", "EUR", [7]),
        ("a", "USD", [5]),
    ]


def test_a_day_may_be_an_instant_with_a_zone(tmp_path: Path) -> None:
    """It counts for the day it has in UTC; midnight without a zone is its day."""
    found = table(
        tmp_path, "series,day,amount\na,2026-03-01T23:30:00-05:00,1\na,2026-03-01 00:00:00,2\na,20260303T010000Z,3\n"
    )
    assert (found.first, found.amounts.tolist()) == (date(2026, 3, 1), [[2, 1, 3]])


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        (",2026-03-01,1", "missing-value", "series"),
        ("a,01/03/2026,1", "bad-day", "day"),
        ("a,2026-02-30,1", "bad-day", "day"),
        ("a,2026-03-01T12:00:00,1", "bad-day", "day"),
        ("a,9999-12-31,1", "bad-day", "day"),
        ("a,2026-03-01,", "missing-value", "amount"),
        ("a,2026-03-01,NaN", "bad-amount", "amount"),
        ("a,2026-03-01,inf", "bad-amount", "amount"),
        ('a,2026-03-01,"1,000"', "bad-amount", "amount"),
        ("a,2026-03-01", "wrong-column-count", None),
    ],
)
def test_a_line_that_cannot_be_read_is_a_problem(tmp_path: Path, line: str, code: str, column: str | None) -> None:
    """It is named by line and column, and says how to mend it; the other lines count."""
    found = table(tmp_path, f"series,day,amount\na,2026-03-01,5\n{line}\n")
    (problem,) = found.problems
    assert (problem.code, problem.line, problem.column) == (code, 3, column)
    assert problem.fix
    assert found.amounts.tolist() == [[5]]


@pytest.mark.parametrize(
    ("text", "error", "code"),
    [
        ("", Unreadable, "missing-column"),
        ("series,amount\na,1\n", Unreadable, "missing-column"),
        ("series,day,amount\n", BadInput, "empty-table"),
        ("series,day,amount\na,x,1\n", BadInput, "bad-day"),
        ("series,day,amount\n" + "".join(f"s{n},{y}-01-01,1\n" for n in range(1000) for y in (1970, 2199)),
         BadInput, "too-large"),
    ],
)  # fmt: skip
def test_a_table_that_says_nothing_is_refused(tmp_path: Path, text: str, error: type[OutlayError], code: str) -> None:
    """So is one that lacks a column, or would span more days than can be held."""
    with pytest.raises(error) as refused:
        table(tmp_path, text)
    assert refused.value.code == code
    assert refused.value.fix


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    """Its path is in the message."""
    with pytest.raises(Unreadable, match=r"nothing\.csv cannot be read"):
        read_table(tmp_path / "nothing.csv")
