"""Reading: an additive table from a CSV file, line by line; lines that cannot be used are problems.

Comes in: a file, and which of its columns are amounts. Goes out: a `Table`, and a `Problem` for each bad line.
"""

import csv
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal, InvalidOperation
from pathlib import Path
from typing import Protocol

from outlay.errors import BadInput, UnknownName, Unreadable
from outlay.explain.localize.table import Row, Table
from outlay.terms.problem import Problem

#: Amounts with more digits before the point are not sums of money.
_DIGITS = 26
#: Digits behind the point that are kept: what is smaller is left over from somebody's binary fractions.
_PLACES = 30
_SMALLEST = Decimal(1).scaleb(-_PLACES)
_EXACT = Context(prec=80)
_SHOWN = 80
_DELIMITERS = ",;\t|"


class _Lines(Protocol):
    """Lines of a CSV file as lists of cells: what `csv.reader` returns, which has no name to write."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


def read_table(
    path: Path, actual: str, expected: str, dimensions: Sequence[str] = ()
) -> tuple[Table, Sequence[Problem]]:
    """Read a table from a CSV file.

    Lines may stand in any order; several of one combination are added up. An empty amount is 0. Fields are separated
    by what the header is separated by: a comma, a semicolon, a tab or a bar.

    Args:
        path: The file, UTF-8, with a header.
        actual: Its column of what happened.
        expected: Its column of what was expected.
        dimensions: Its columns that are dimensions; all others when none are named.

    Returns:
        The table, and the lines that could not be read.

    Raises:
        BadInput: There is no such file, a column is named twice, or no line can be used.
        UnknownName: It has no such column.
        Unreadable: It is not UTF-8, or not CSV.
    """
    problems: list[Problem] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            lines = csv.reader(file, delimiter=max(_DELIMITERS, key=first.count), strict=True)
            header = [name.strip() for name in next(lines, [])]
            amounts, chosen = _columns(path, header, actual, expected, dimensions)
            rows = list(_rows(path, lines, header, amounts, chosen, problems))
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path} is not UTF-8", fix="save it as UTF-8", code="bad-encoding") from error
    except csv.Error as error:
        raise Unreadable(f"{path} is not CSV: {error}", fix="export it again", code="bad-csv") from error
    except (OSError, ValueError) as error:  # a name that cannot be a file's is no OSError
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInput(f"{path} cannot be read: {reason}", fix="give the path of a CSV file") from error
    if not rows and problems:
        at = problems[0]
        where = f"line {at.line}: {at.code}" + (f" in column {at.column!r}" if at.column else "")
        raise BadInput(f"no line of {path.name} can be used; {where}", fix=at.fix, code=at.code)
    return Table.of([header[place] for place in chosen], rows, str(path)), problems


def _columns(
    path: Path, header: Sequence[str], actual: str, expected: str, dimensions: Sequence[str]
) -> tuple[tuple[int, int], list[int]]:
    """Return the places of the two amounts, and of the dimensions."""
    if not any(header):
        raise BadInput(f"{path} has no header", fix="name its columns in the first line", code="empty-table")
    for name in (actual, expected, *dimensions):
        if name not in header:
            raise UnknownName("column", name, [known for known in header if known])
        if header.count(name) > 1:
            fix = "rename one of them"
            raise BadInput(f"{path} has {header.count(name)} columns {name!r}", fix=fix, code="column-twice")
    if actual == expected:
        fix = "name what happened and what was expected"
        raise BadInput(f"both amounts are column {actual!r}", fix=fix, code="column-twice")
    amounts = header.index(actual), header.index(expected)
    if both := {actual, expected} & {*dimensions}:
        raise BadInput(f"{min(both)!r} is an amount and a dimension", fix="leave one out", code="column-twice")
    chosen = [place for place, name in enumerate(header) if place not in amounts and name]
    if dimensions:
        chosen = [header.index(name) for name in dict.fromkeys(dimensions)]
    return amounts, chosen


def _rows(
    path: Path,
    lines: _Lines,
    header: Sequence[str],
    amounts: tuple[int, int],
    chosen: Sequence[int],
    problems: list[Problem],
) -> Iterator[Row]:
    """Return the rows of the lines that can be used; put the others among the problems."""
    end = 1
    for cells in lines:
        line, end = end + 1, lines.line_num  # a quoted field may hold line breaks: a line is named by its first
        if not cells:
            continue
        if len(cells) != len(header):
            fix = f"give it {len(header)} fields, as the header has; quote those that hold a delimiter"
            count = f"{len(cells)} fields"
            problems.append(Problem("wrong-column-count", path.name, line, None, count, None, None, fix))
            continue
        found = [_amount(cells[place]) for place in amounts]
        if found[0] is None or found[1] is None:
            place = amounts[0] if found[0] is None else amounts[1]
            fix = "write a plain decimal number with a point"
            shown = cells[place][:_SHOWN]
            problems.append(Problem("bad-amount", path.name, line, header[place], shown, None, None, fix))
            continue
        yield [cells[place] for place in chosen], found[0], found[1]


def _amount(text: str) -> Decimal | None:
    """Return an amount; 0 for an empty cell, None for what is no amount."""
    try:
        found = Decimal(text.strip() or "0")
    except InvalidOperation:
        return None
    if not found.is_finite() or (found and found.adjusted() >= _DIGITS) or "_" in text:
        return None
    # A small part of 10 ** -30 is kept from no calculation, and one of 10 ** -999999 cannot be written out.
    exponent = found.as_tuple().exponent
    return found.quantize(_SMALLEST, context=_EXACT) if isinstance(exponent, int) and exponent < -_PLACES else found
