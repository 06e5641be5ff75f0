"""Answers as tables in a terminal: numbers right-aligned with their units, text as it is."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from outlay.terms.problem import Problem

_CENT = Decimal("0.01")
#: What stands where nobody is named.
NOBODY = "(none)"
#: So many lines that were left out are named.
_SHOWN = 5
_PIPED_WIDTH = 160

console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)


def money(amount: Decimal | None, currency: object = "", *, sign: bool = False) -> str:
    """Write an amount for people: two decimals, four significant ones when it is small.

    >>> money(Decimal("1234.5"), "USD"), money(Decimal("0.00001234"), "USD"), money(None)
    ('1,234.50 USD', '0.00001234 USD', '-')
    """
    if amount is None:
        return "-"
    small = amount != 0 and abs(amount) < _CENT
    shown = amount.normalize() if small else amount.quantize(_CENT, rounding=ROUND_HALF_EVEN)
    if small:
        places = max(2, 3 - shown.adjusted())
        shown = shown.quantize(Decimal(1).scaleb(-places))
    text = f"{shown:+,f}" if sign else f"{shown:,f}"
    return f"{text} {currency}".rstrip()


def show(
    title: str, columns: Sequence[tuple[str, str]], rows: Iterable[Mapping[str, object]], *, empty: str, most: int = 40
) -> None:
    """Print rows as a table.

    Args:
        title: One line above it.
        columns: Heading and key, in order.
        rows: Values by key.
        empty: What to say, and do, when there are none.
        most: Rows to show before saying how many more there are.
    """
    listed = list(rows)
    if not listed:
        console.print(Text(empty))
        return
    console.print(Text(title, style="bold"))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading, key in columns:
        numeric = any(isinstance(row.get(key), (int, Decimal)) for row in listed)
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=True, overflow="ellipsis")
    for row in listed[:most]:
        table.add_row(*(Text(_cell(row.get(key), key, row)) for _, key in columns))
    console.print(table)
    if len(listed) > most:
        console.print(Text(f"... and {len(listed) - most:,} more; --json prints all."))


def left_out(problems: Sequence[Problem]) -> None:
    """Print the first lines of a table that could not be read, and how many more there are."""
    for problem in problems[:_SHOWN]:
        place = problem.file + (f":{problem.line}" if problem.line is not None else "")
        column = f", column {problem.column}" if problem.column else ""
        value = f" {problem.value!r}" if problem.value is not None else ""
        console.print(f"Left out: {place}{column}: {problem.code}{value}. Fix: {problem.fix}", markup=False)
    if len(problems) > _SHOWN:
        console.print(f"... and {len(problems) - _SHOWN:,} more lines; --json prints all.")


def _cell(value: object, key: str, row: Mapping[str, object]) -> str:  # noqa: PLR0911 - one form per kind of value
    match value:
        case None:
            return NOBODY if isinstance(row.get("amount"), Decimal) and key in _NAMES else "-"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            if key.endswith("ratio"):
                return f"{(value * 100).quantize(Decimal('0.1'))} %"
            if key in ("units", "quantity", "unpriced_quantity", "tokens") or key.endswith("price"):
                return f"{value.normalize():,f}"
            return money(value, row.get("currency") or "", sign=key == "change")
        case int():
            return f"{value:,}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case date():
            return value.isoformat()
        case _:
            return str(value)


_NAMES = {
    "feature",
    "customer",
    "team",
    "user",
    "environment",
    "service",
    "release",
    "model",
    "provider",
    "service_name",
    "rule",
    "sub_account_name",
    "resource_id",
    "region_id",
    "service_category",
}
