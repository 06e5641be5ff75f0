"""The contract of an importer of exchange rates: everything a file states becomes a rate, a skip or a problem."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from outlay.terms.currency import CURRENCIES
from outlay.terms.problem import Problem

_RATE = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one currency was worth in another on one day.

    Args:
        day: The day.
        from_currency: ISO 4217 code of what is given.
        to_currency: ISO 4217 code of what it is worth.
        rate: How much of `to_currency` one of `from_currency` is worth; more than zero, at most 15 decimal places.
        source: Who says so.
    """

    day: date
    from_currency: str
    to_currency: str
    rate: Decimal
    source: str


#: What one statement of a file is: its line, and the rate, the named reason to leave it out, or what is wrong with it.
Stated = tuple[int, Rate | str | Problem]


@dataclass(frozen=True, slots=True)
class Importer:
    """What a format of exchange rates is.

    Args:
        name: Its name on the command line, the name of its file.
        title: What it is called in sentences.
        read: Returns what a file states, in its order. Raises `Unreadable` when it is not such a file.
    """

    name: str
    title: str
    read: Callable[[Path], Iterator[Stated]]


def amount(text: str) -> Decimal:
    """Read a rate.

    >>> amount("1.0842")
    Decimal('1.0842')

    Raises:
        ValueError: It is not a positive decimal number of at most 15 places; says what to write instead.
    """
    if not _RATE.fullmatch(text) or not (found := Decimal(text)):
        raise ValueError("write a decimal number above zero with a point and at most 15 places, such as 1.0842")
    return found


def currency(text: str) -> str:
    """Read an ISO 4217 code.

    Raises:
        ValueError: It is none that is in use; says what to write instead.
    """
    if text not in CURRENCIES:
        raise ValueError("write an ISO 4217 code in capitals, such as USD")
    return text


def iso_day(text: str) -> date:
    """Read a day as `YYYY-MM-DD`.

    Raises:
        ValueError: It is none, or before 1970 or after 2148; says what to write instead.
    """
    fix = "write the day as YYYY-MM-DD, such as 2026-10-31"
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(fix) from error
    if not date(1970, 1, 1) <= found <= date(2148, 12, 31):
        raise ValueError(fix)
    return found
