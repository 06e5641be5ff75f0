"""JSON as vendors write it, read exactly: numbers are `Decimal` or `int`, and each value says where it stood.

Comes in: the text of an answer. Goes out: objects whose fields are asked for by name and kind.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from outlay.errors import Unreadable

_SHOWN = 60
#: Beyond these powers of ten a number is no amount; written out, it would fill the memory.
_POWERS = range(-60, 30)


@dataclass(frozen=True, slots=True)
class Part:
    """One object of an answer.

    Args:
        fields: Its fields.
        where: How one gets there, for messages: `OpenAI costs: data[0].results[3]`.
    """

    fields: Mapping[str, object]
    where: str

    def text(self, name: str) -> str | None:
        """Return a text; None when it is absent, null or empty."""
        found = self.fields.get(name)
        if found is None or found == "":
            return None
        return found if isinstance(found, str) else self._wrong(name, "a text")

    def flag(self, name: str) -> bool | None:
        """Return true or false; None when it is absent or null."""
        found = self.fields.get(name)
        return found if found is None or isinstance(found, bool) else self._wrong(name, "true or false")

    def amount(self, name: str) -> Decimal | None:
        """Return a number, written as one or as text; None when it is absent or null."""
        found = self.fields.get(name)
        if found is None:
            return None
        if not isinstance(found, int | Decimal | str) or isinstance(found, bool):
            self._wrong(name, "a number")
        try:
            number = Decimal(found)
        except InvalidOperation:
            self._wrong(name, "a number")
        if not number.is_finite() or (number and not _is_written_out(number)):
            self._wrong(name, "a number of this size")
        return number or Decimal(0)

    def count(self, name: str) -> int:
        """Return a whole number; 0 when it is absent or null."""
        found = self.amount(name)
        if found is None:
            return 0
        return int(found) if found == found.to_integral_value() else self._wrong(name, "a whole number")

    def unix(self, name: str) -> datetime:
        """Return an instant that is written as seconds since 1970."""
        found = self.amount(name)
        try:
            return datetime.fromtimestamp(int(found), UTC) if found is not None else self._wrong(name, "an instant")
        except (OverflowError, OSError, ValueError):
            return self._wrong(name, "an instant")

    def instant(self, name: str) -> datetime:
        """Return an instant that is written as RFC 3339."""
        try:
            found = datetime.fromisoformat(self.text(name) or "")
        except ValueError:
            return self._wrong(name, "an instant")
        return found.astimezone(UTC) if found.tzinfo else self._wrong(name, "an instant with its zone")

    def part(self, name: str) -> "Part":
        """Return an object; one without fields when it is absent or null."""
        found = self.fields.get(name)
        if found is None:
            return Part({}, f"{self.where}.{name}")
        return Part(found, f"{self.where}.{name}") if isinstance(found, dict) else self._wrong(name, "an object")

    def parts(self, name: str) -> Iterator["Part"]:
        """Yield the objects of a list, which must be there."""
        found = self.fields.get(name)
        if not isinstance(found, list):
            self._wrong(name, "a list")
        for place, item in enumerate(found):
            where = f"{self.where}.{name}[{place}]"
            if not isinstance(item, dict):
                raise _unreadable(where, item, "an object")
            yield Part(item, where)

    def _wrong(self, name: str, wanted: str) -> NoReturn:
        raise _unreadable(f"{self.where}.{name}", self.fields.get(name), wanted)


def document(text: str, where: str) -> Part:
    """Read the text of an answer, an object of JSON.

    Raises:
        Unreadable: It is a web page, ends too early, or is another kind of text.

    >>> document('{"value": 0.1}', "costs").amount("value")
    Decimal('0.1')
    """
    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError) as error:
        page = text.lstrip().startswith("<")
        what = "is a web page" if page else "is not JSON, or ends too early"
        raise Unreadable(
            f"{where}: the answer {what}",
            fix="check the address, and that nothing between here and there answers in its place"
            if page
            else "ask again; if it stays so, the address is not that of this API",
            code="not-json",
        ) from error
    if not isinstance(found, dict):
        raise _unreadable(where, found, "an object")
    return Part(found, where)


def _is_written_out(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return number.adjusted() in _POWERS and isinstance(exponent, int) and exponent in _POWERS


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _unreadable(where: str, found: object, wanted: str) -> Unreadable:
    stood = "is missing" if found is None else f"is {str(found)[:_SHOWN]!r}"
    return Unreadable(
        f"{where} {stood}, which is not {wanted}",
        fix="the vendor's answer is not as documented; please report it with this message",
        code="not-as-documented",
    )
