"""Values: one check for each kind of field. Each returns what may be kept or raises `Flawed`."""

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from outlay.terms.currency import CURRENCIES
from outlay.terms.unit import TOKEN_UNITS
from outlay.wire.content import is_content
from outlay.wire.flaw import Flawed

#: Longest text of one field, in characters.
LONGEST = 4096
#: Longest name of a prompt template, longest error, longest unknown field: more than that is content.
LONGEST_NAME = 200
#: The most of one unit in one attempt; sums of it stay far inside every column.
MOST = 10**12
MOST_TAGS = 100
YEARS = range(2000, 2100)
#: What the ordinary context is called; the same as not saying.
ORDINARY = ("default", "standard", "auto", "realtime")
#: What the price of a call may depend on, beside its model and day.
CONTEXT = ("tier", "processing", "speed", "region", "route", "search_type", "project")
_QUANTITY_PLACES = 9
_MONEY_PLACES = 12
_TOKENS = frozenset(TOKEN_UNITS)
_UNIT = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,63}")
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,2})?", re.ASCII)
_NUL = "\x00"


def text(name: str, value: object) -> str | None:
    """Return a text, None when it is empty. Whole numbers are taken as ids."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Flawed("bad-text", name, value, "write it as text")
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise Flawed("bad-text", name, None, "write long ids as text")
    found = str(value)
    if len(found) > LONGEST:
        raise Flawed("field-too-long", name, found, f"shorten it to {LONGEST} characters")
    _check_text(name, found)
    return found or None


def _check_text(name: str, found: str) -> None:
    """Refuse a text that cannot be kept or written down."""
    if _NUL in found:
        raise Flawed("bad-text", name, None, "leave out the character NUL, which no engine keeps")
    if not found.isascii():
        try:
            found.encode()
        except UnicodeEncodeError:
            raise Flawed("bad-text", name, None, "write texts in UTF-8, without halves of characters") from None


def prompt(value: object) -> str | None:
    """Return the name of a prompt template; what looks like the prompt itself is dropped."""
    if isinstance(value, str) and (len(value) > LONGEST_NAME or "\n" in value):
        return None
    return text("prompt", value)


def error(value: object) -> str | None:
    """Return the first line of an error, cut short: messages quote what they complain about."""
    return text("error", value.partition("\n")[0][:LONGEST_NAME] if isinstance(value, str) else value)


def endpoint(value: object) -> str | None:
    """Return a route without its query string."""
    return text("endpoint", value.partition("?")[0] if isinstance(value, str) else value)


def instant(value: object) -> datetime:
    """Return an instant in UTC. An offset is honoured; no zone means UTC; what is finer than microseconds is cut."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(found, datetime):
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
            if found.year in YEARS:
                return found
    except (ValueError, OverflowError):
        pass
    code = "missing-time" if value is None else "bad-time"
    raise Flawed(code, "time", value, "write an ISO 8601 time with its zone, such as 2026-10-03T12:00:00.123Z")


def usage(value: object, state: object) -> dict[str, int | Decimal]:
    """Return quantities by unit: whole numbers of tokens, at most 9 decimal places of anything else."""
    if value is None:
        if state is None:
            raise Flawed("missing-usage", "usage", None, "say what was used, or say the state when that is not known")
        return {}
    if not isinstance(value, dict):
        raise Flawed("bad-usage", "usage", None, 'write quantities by unit, such as {"input": 200, "output": 17}')
    found: dict[str, int | Decimal] = {}
    for unit, quantity in value.items():
        if quantity is None:
            continue
        amount = quantity if type(quantity) is int else _quantity(unit, quantity)
        if not 0 <= amount <= MOST:
            why = "a quantity cannot be negative" if amount < 0 else "no call uses that much; check the unit"
            raise Flawed("bad-quantity", f"usage.{unit}", quantity, why)
        if unit not in _TOKENS and not _UNIT.fullmatch(unit):
            raise Flawed("bad-unit", "usage", unit, "name a unit with at most 64 letters, digits and _")
        found[unit] = amount
    return found


def _quantity(unit: str, value: object) -> int | Decimal:
    name = f"usage.{unit}"
    found = number(name, value)
    if _places(found) > _QUANTITY_PLACES:
        raise Flawed("bad-quantity", name, value, f"round it to {_QUANTITY_PLACES} decimal places")
    if not _places(found):
        return int(found)
    if unit in _TOKENS:
        raise Flawed("bad-quantity", name, value, "tokens are whole numbers")
    return found


def number(name: str, value: object, code: str = "bad-quantity") -> Decimal:
    """Return a decimal number, given as a number or as text."""
    written = str(value) if isinstance(value, (Decimal, str, float, int)) and not isinstance(value, bool) else ""
    if not _NUMBER.fullmatch(written.strip()):
        raise Flawed(code, name, value, "write a plain number")
    return Decimal(written.strip())


def _places(found: Decimal) -> int:
    """Return how many decimal places a number really has."""
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0:
        return 0
    digits = "".join(map(str, found.as_tuple().digits))
    return max(0, -exponent - (len(digits) - len(digits.rstrip("0")))) if found else 0


def count(name: str, value: object, least: int) -> int | None:
    """Return a whole number, at least so much; a fraction is rounded, half to even."""
    if value is None:
        return None
    found = value if type(value) is int else number(name, value)
    if not least <= found <= MOST:
        raise Flawed("bad-quantity", name, value, f"write a number from {least} up")
    return found if isinstance(found, int) else int(found.to_integral_value(ROUND_HALF_EVEN))


def money(value: object) -> Decimal | None:
    """Return a reported cost, at most 12 decimal places and not negative."""
    if value is None:
        return None
    found = number("reported_cost", value, "bad-amount")
    if not 0 <= found <= MOST or _places(found) > _MONEY_PLACES:
        fix = f"write an amount from 0 up with at most {_MONEY_PLACES} decimal places"
        raise Flawed("bad-amount", "reported_cost", value, fix)
    return found


def currency(value: object) -> str:
    """Return an ISO 4217 code in use, USD when nothing is said."""
    if value is None or value == "":
        return "USD"
    if not isinstance(value, str) or value not in CURRENCIES:
        raise Flawed("wrong-currency", "currency", value, "write an ISO 4217 code in capitals, such as USD")
    return value


def context(value: object) -> dict[str, str]:
    """Return what the price may depend on; what is ordinary is left out."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Flawed("bad-context", "context", value, 'write {"tier": "flex"}')
    return {
        name: found
        for name in CONTEXT
        if (given := value.get(name)) is not None
        and (found := _context_value(name, given))
        and (found not in ORDINARY or name == "project")
    }


def _context_value(name: str, given: object) -> str:
    found = (text(f"context.{name}", given) or "").strip().lower()
    if len(found) > LONGEST_NAME or ";" in found or "=" in found or "\n" in found:
        fix = f"write one word of at most {LONGEST_NAME} characters, without `;` and `=`"
        raise Flawed("bad-context", f"context.{name}", given, fix)
    return found


def tags(own: object) -> dict[str, str]:
    """Return further dimensions as text, in alphabetical order; content and nested values are dropped."""
    if own is None:
        return {}
    if not isinstance(own, dict):
        raise Flawed("bad-tags", "tags", None, 'write {"plan": "enterprise"}')
    found = {}
    for name in sorted(own):
        kept = _scalar(own[name])
        if kept is None or is_content(name):
            continue
        if len(name) > LONGEST_NAME or len(kept) > LONGEST:
            raise Flawed("field-too-long", f"tags.{name[:LONGEST_NAME]}", kept, f"shorten it to {LONGEST} characters")
        _check_text("tags", name)
        _check_text("tags", kept)
        found[name] = kept
    if len(found) > MOST_TAGS:
        raise Flawed("bad-tags", "tags", len(found), f"give at most {MOST_TAGS} tags")
    return found


def loose(name: str, value: object) -> str | None:
    """Return an unknown field as a tag; None for what may be content: nested values, long texts, several lines."""
    kept = _scalar(value)
    if kept is None or len(kept) > LONGEST_NAME or "\n" in kept or len(name) > LONGEST_NAME or is_content(name):
        return None
    return kept


def _scalar(value: object) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float() | Decimal():
            written = str(value)
            return written if _NUMBER.fullmatch(written) else None
    return None
