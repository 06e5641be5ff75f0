"""Values: one check for each kind of field. Each returns what may be kept or raises `Faulty`."""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from outlay.terms.currency import CURRENCIES
from outlay.terms.unit import TOKEN_UNITS
from outlay.terms.usage_event import STATES
from outlay.wire.content import is_content
from outlay.wire.fault import Faulty

#: Longest text of one field, in characters.
LONGEST = 512
#: Longest name of a prompt template, longest error; more than that is content.
LONGEST_NAME = 200
#: The most of one unit in one attempt; sums of it stay far inside every column.
MOST = 10**12
MOST_TAGS = 100
_YEARS = range(2000, 2100)
_QUANTITY_PLACES = 9
_MONEY_PLACES = 12
_TOKENS = frozenset(TOKEN_UNITS)
_UNIT = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,63}")
_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)
_CONTEXT = ("tier", "processing", "region")


def text(name: str, value: object) -> str | None:
    """Return a text, None when it is empty. Whole numbers are taken as ids."""
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str):
        raise Faulty("bad-type", name, _kind(value), f"write {name} as a text")
    if len(value) > LONGEST:
        raise Faulty("too-long", name, value, f"give at most {LONGEST} characters; content does not belong in {name}")
    return value or None


def prompt(name: str, value: object) -> str | None:
    """Return the name of a prompt template; anything that looks like the prompt itself is dropped."""
    if not isinstance(value, str) or len(value) > LONGEST_NAME or "\n" in value:
        return None
    return text(name, value)


def error(name: str, value: object) -> str | None:
    """Return the first line of an error, cut short: messages quote what they complain about."""
    return text(name, value.partition("\n")[0][:LONGEST_NAME] if isinstance(value, str) else value)


def endpoint(name: str, value: object) -> str | None:
    """Return a route without its query string."""
    return text(name, value.partition("?")[0] if isinstance(value, str) else value)


def instant(name: str, value: object) -> datetime:
    """Return an instant in UTC. An offset is honoured; no zone means UTC; past microseconds is cut."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)  # type: ignore[arg-type]
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        raise _bad_time(name, value) from None
    if found.year not in _YEARS:
        raise _bad_time(name, value)
    return found


def _bad_time(name: str, value: object) -> Faulty:
    return Faulty("bad-time", name, value, "write it as ISO 8601, for example 2026-10-03T12:00:00.123Z")


def usage(name: str, value: object) -> dict[str, int | Decimal]:
    """Return quantities by unit: whole numbers of tokens, at most 9 decimal places of anything else."""
    if not isinstance(value, dict):
        raise Faulty("bad-usage", name, _kind(value), 'write it as an object, for example {"input": 200, "output": 30}')
    found: dict[str, int | Decimal] = {}
    for unit, quantity in value.items():
        if quantity is None:
            continue
        if type(quantity) is not int:
            quantity = _quantity(unit, quantity)  # noqa: PLW2901 - the same quantity, as a number
        if not 0 <= quantity <= MOST:
            raise Faulty("bad-quantity", f"{name}.{unit}", quantity, f"give a number from 0 to {MOST:,}")
        if unit not in _TOKENS and not _UNIT.fullmatch(unit):
            raise Faulty("bad-unit", name, unit, "name units with letters, digits and _ only, at most 64 of them")
        found[unit] = quantity
    return found


def _quantity(unit: str, value: object) -> int | Decimal:
    found = number(f"usage.{unit}", value, _QUANTITY_PLACES, "bad-quantity")
    if found == found.to_integral_value():
        return int(found)
    if unit in _TOKENS:
        raise Faulty("bad-quantity", f"usage.{unit}", value, "tokens are whole numbers; send what the provider counted")
    return found


def number(name: str, value: object, places: int, code: str) -> Decimal:
    """Return a decimal number, given as a number or as text.

    Args:
        name: The field.
        value: What was given.
        places: Decimal places it may have.
        code: Of the fault when it is none.
    """
    written = str(value) if isinstance(value, Decimal | str | float) or type(value) is int else ""
    try:
        found = Decimal(written) if _NUMBER.fullmatch(written) else None
    except InvalidOperation:
        found = None
    if found is None:
        raise Faulty(code, name, value, "give a plain decimal number")
    exponent = found.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        raise Faulty(code, name, value, f"give at most {places} decimal places")
    return found


def money(name: str, value: object) -> Decimal:
    """Return an amount that is not negative, of at most 12 decimal places."""
    found = number(name, value, _MONEY_PLACES, "bad-amount")
    if not 0 <= found <= MOST:
        raise Faulty("bad-amount", name, value, f"give an amount from 0 to {MOST:,}")
    return found


def milliseconds(name: str, value: object) -> int:
    """Return a duration as whole milliseconds; fractions are rounded, half to even."""
    found = value if type(value) is int else number(name, value, 30, "bad-duration")
    if not 0 <= found <= MOST:
        raise Faulty("bad-duration", name, value, "give milliseconds, 0 or more")
    return round(found)


def attempt(name: str, value: object) -> int:
    """Return which try of a call it was, from 1."""
    found = value if type(value) is int else number(name, value, 0, "bad-attempt")
    if not 1 <= found <= MOST:
        raise Faulty("bad-attempt", name, value, "count attempts from 1")
    return int(found)


def state(name: str, value: object) -> str:
    """Return one of `STATES`."""
    if not isinstance(value, str) or value not in STATES:
        raise Faulty("bad-state", name, value, f"use one of {', '.join(STATES)}")
    return value


def currency(name: str, value: object) -> str:
    """Return an ISO 4217 code in use."""
    if not isinstance(value, str) or value not in CURRENCIES:
        raise Faulty("wrong-currency", name, value, "use an ISO 4217 code in capitals, for example USD")
    return value


def context(name: str, value: object) -> dict[str, str]:
    """Return what the price may depend on; the ordinary tier and processing are left out."""
    if not isinstance(value, dict):
        raise Faulty("bad-type", name, _kind(value), f'write {name} as an object, for example {{"tier": "flex"}}')
    found = {}
    for key in _CONTEXT:
        given = value.get(key)
        kept = None if given is None else text(f"{name}.{key}", given)
        if kept and kept not in ("default", "realtime"):
            found[key] = kept
    return found


def tags(name: str, value: object) -> dict[str, str]:
    """Return further dimensions as text, in alphabetical order; content is dropped."""
    if not isinstance(value, dict):
        raise Faulty("bad-type", name, _kind(value), f'write {name} as an object, for example {{"plan": "pro"}}')
    found = {}
    for key in sorted(value):
        given = value[key]
        if given is None or is_content(key):
            continue
        kept = _scalar(given)
        if kept is None:
            raise Faulty("bad-type", f"{name}.{key}", _kind(given), "a tag is one text, number or truth value")
        if len(kept) > LONGEST or len(key) > LONGEST:
            raise Faulty("too-long", f"{name}.{key}"[:LONGEST], kept, f"give at most {LONGEST} characters")
        found[key] = kept
    if len(found) > MOST_TAGS:
        raise Faulty("too-many-tags", name, len(found), f"give at most {MOST_TAGS} tags")
    return found


def loose_tag(name: str, value: object) -> str | None:
    """Return a field of the sender's own as a tag; None for what may be content: nested values, long texts."""
    kept = _scalar(value)
    if kept is None or len(kept) > LONGEST_NAME or len(name) > LONGEST_NAME or "\n" in kept or is_content(name):
        return None
    return kept


def _scalar(value: object) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float() | Decimal():
            return str(value)
    return None


def _kind(value: object) -> str:
    """Return what kind of JSON value it is, rather than the value, which may be content."""
    return {dict: "an object", list: "a list", bool: "a truth value", str: "a text"}.get(type(value), "a number")
