"""Fields: one entry's values, each read as what it should be or refused with its line and what to write instead."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TypeVar

from outlay.prices.contexts import wanted
from outlay.prices.overlay.blocks import Block
from outlay.terms.currency import CURRENCIES
from outlay.terms.money import PLACES
from outlay.terms.price import DAYS, HOURS, context_text, days_of, window_of
from outlay.terms.problem import Problem

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_SHOWN = 80
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of one entry.

    Args:
        file: Name of the file.
        line: Line of the field, or of the entry where the field is missing.
        entry: Which entry, for example `price 2 (acme index)`.
        field: The field at fault; empty when the whole entry is.
        value: What stands there; None when nothing does.
        what: What is wrong.
        fix: What to write instead.
        code: Stable slug.
    """

    file: str
    line: int
    entry: str
    field: str
    value: str | None
    what: str
    fix: str
    code: str

    def __str__(self) -> str:
        """Return where it is and what is wrong, without the remedy."""
        return f"{self.file}:{self.line}: {self.entry}: {self.what}"

    @property
    def problem(self) -> Problem:
        """Return it as one bad line among many."""
        column = f"{self.entry} {self.field}".strip()
        return Problem(self.code, self.file, self.line, column, self.value, None, None, f"{self.what}: {self.fix}")


class _Bad(Exception):
    """A value that cannot be used; never leaves this module."""

    def __init__(self, what: str, fix: str, code: str = "bad-overlay") -> None:
        super().__init__(what)
        self.what, self.fix, self.code = what, fix, code


class Fields:
    """The fields of one entry. What cannot be used is noted in `faults`, so that all of it is told at once.

    Args:
        file: Name of the file, for messages.
        place: Its number among the entries of its kind, from 1.
        block: The entry.
    """

    def __init__(self, file: str, place: int, block: Block) -> None:
        name = block.fields.get("model", block.fields.get("name", block.fields.get("pattern", "*")))
        self.entry = f"{block.table} {place} ({block.fields.get('provider', '?')} {name})"
        self.faults: list[Fault] = []
        self.line = block.line
        self._file = file
        self._block = block

    def refuse(self, field: str, what: str, fix: str, code: str = "bad-overlay") -> None:
        """Note that a field cannot be used."""
        value = self._block.fields.get(field)
        line = self._block.lines.get(field, self._block.line)
        shown = None if value is None else str(value)[:_SHOWN]
        self.faults.append(Fault(self._file, line, self.entry, field, shown, what, fix, code))

    def know(self, must: Iterable[str], may: Iterable[str], elsewhere: dict[str, str]) -> None:
        """Note what is missing and what means nothing.

        Args:
            must: Fields that every such entry has.
            may: Fields that it may have.
            elsewhere: Fields one might expect here, and what to do instead.
        """
        known = [*must, *may]
        if missing := [name for name in must if name not in self._block.fields]:
            text = ", ".join(missing)
            self.refuse(missing[0], f"{text} missing", f"every {self._block.table} needs {', '.join(must)}", "missing")
        for name in self._block.fields:
            if name in elsewhere:
                self.refuse(name, f"{name!r} is not possible here", elsewhere[name])
            elif name not in known:
                near = get_close_matches(name, known, 1)
                meant = f"did you mean {near[0]}? " if near else ""
                self.refuse(name, f"{name!r} means nothing here", f"{meant}Known: {', '.join(known)}")

    def has(self, name: str) -> bool:
        """Say whether a field is there."""
        return name in self._block.fields

    def read(self, name: str, how: Callable[[str, object], _T], default: _T) -> _T:
        """Return a field, or the default where it is missing or (which is noted) cannot be used."""
        if name not in self._block.fields:
            return default
        try:
            return how(name, self._block.fields[name])
        except _Bad as bad:
            self.refuse(name, bad.what, bad.fix, bad.code)
            return default


def text(name: str, value: object) -> str:
    """Read a text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise _Bad(f"{name} is {value!r}, not a text", f"write {name} in quotes")
    return value.strip()


def word(name: str, value: object) -> str:
    """Read a unit."""
    found = text(name, value)
    if not _WORD.fullmatch(found):
        raise _Bad(f"{name} {found!r} is not a name", "write it in small letters, singular, as page or read_unit")
    return found


def words(name: str, value: object) -> tuple[str, ...]:
    """Read one unit or a list of them."""
    return tuple(word(name, one) for one in (value if isinstance(value, list) else [value]))


def yes(name: str, value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise _Bad(f"{name} is {value!r}", "write true or false, without quotes")
    return value


def whole(least: int) -> Callable[[str, object], int]:
    """Return a reader of whole numbers that are not less than this."""

    def how(name: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least or value >= 2**63:
            raise _Bad(f"{name} is {value!s}", f"write a whole number without quotes, at least {least}", "bad-number")
        return value

    return how


def decimal(name: str, value: object) -> Decimal:
    """Read an amount: a whole number, or a number in quotes. Every digit counts."""
    if isinstance(value, Decimal) and value.is_finite() and value >= 0:
        raise _Bad(
            f"{name} is {value}, which readers of TOML take for a binary fraction",
            f'write it in quotes, {name} = "{value}"',
            "bad-amount",
        )
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise _Bad(f"{name} is {value!r}, not a number", 'write it in quotes, for example "2.50"', "bad-amount")
    try:
        found = Decimal(value)
    except InvalidOperation:
        raise _Bad(
            f"{name} is {value!r}, not a number", 'write it in quotes, for example "2.50"', "bad-amount"
        ) from None
    if not found.is_finite() or found < 0:
        raise _Bad(f"{name} is {value}", "write a number that is not negative", "bad-amount")
    exponent = found.as_tuple().exponent
    if -int(exponent) > PLACES or found.adjusted() >= PLACES:
        fix = f"use at most {PLACES} before and after the point"
        raise _Bad(f"{name} {value} has too many digits", fix, "bad-amount")
    return found


def amounts(name: str, value: object) -> dict[str, Decimal]:
    """Read a table of units and their amounts."""
    if not isinstance(value, dict) or not value:
        raise _Bad(
            f"{name} is {value!r}", "write a table of units, for example {input = 2.50, output = 10}", "bad-amount"
        )
    return {word("unit", unit): decimal(unit, amount) for unit, amount in value.items()}


def instant(name: str, value: object) -> datetime:
    """Read a day, meaning its midnight in UTC, or an instant with its offset."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise _Bad(f"{name} {value} has no time zone", "add Z for UTC, or give a day only", "bad-date")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            raise _Bad(f"{name} is {value}", "write a day such as 2026-10-01", "bad-date") from None
    if not isinstance(value, date):
        raise _Bad(f"{name} is {value!r}", "write a day without quotes, for example 2026-10-01", "bad-date")
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def currency(name: str, value: object) -> str:
    """Read a code of ISO 4217."""
    found = text(name, value)
    if found not in CURRENCIES:
        raise _Bad(f"{name} {found!r} is unknown", "write the ISO 4217 code, for example USD", "bad-currency")
    return found


def project(name: str, value: object) -> str:
    """Read the name of an account, project or workspace, as the price book has it."""
    found = text(name, value).lower()
    if set(found) & set("=;"):
        raise _Bad(f"{name} has {found!r}", "leave = and ; out of it: they stand between the parts of a context")
    return found


def expression(name: str, value: object) -> str:
    """Read a regular expression."""
    found = text(name, value)
    try:
        re.compile(found)
    except re.error as error:
        fix = "write a regular expression that matches the names in full"
        raise _Bad(f"{name} {found!r}: {error}", fix) from error
    return found


def context(name: str, value: object) -> str:
    """Read a context, in the spelling of the price book."""
    if not isinstance(value, dict) or not all(isinstance(v, str) and v.strip() for v in value.values()):
        raise _Bad(f"{name} is {value!r}", 'write it as a table of texts, for example {tier = "flex"}')
    if HOURS in value and window_of(value[HOURS]) is None:
        raise _Bad(f"hours are {value[HOURS]!r}", "write them in UTC as HH:MM-HH:MM, for example 16:30-00:30")
    if DAYS in value and days_of(value[DAYS].strip().lower()) is None:
        raise _Bad(f"days are {value[DAYS]!r}", "write them as sat-sun or mon,wed, by their days in UTC")
    if marks := [v for v in (*value, *value.values()) if set(v) & set("=;")]:
        raise _Bad(f"{name} has {marks[0]!r}", "leave = and ; out of a context: they stand between its parts")
    return context_text(wanted(value))
