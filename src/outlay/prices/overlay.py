"""Overlay files: dated prices in TOML for what no list knows or a contract changes.

Comes in: a file of `[[price]]` entries. Goes out: stated prices, or an error that names the entry and the field.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from outlay.errors import BadConfig
from outlay.prices.source import LIST, Stated
from outlay.terms.currency import CURRENCIES
from outlay.terms.money import PLACES
from outlay.terms.price import ALWAYS, FOREVER, HOURS, context_text, window_of
from outlay.terms.unit import TOKEN_UNITS

_MUST = ("provider", "model", "unit", "amount", "per", "currency", "valid_from", "source")
_MAY = ("pattern", "context", "size_from", "valid_to", "correction")
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_ATTO = 18


def read_overlay(path: Path) -> list[Stated]:
    """Read an overlay file.

    Args:
        path: The file.

    Returns:
        Its prices in order. The pattern is empty where the entry gives none.

    Raises:
        BadConfig: The file or an entry of it does not say something usable.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror}", fix="give the path of an overlay file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} is not TOML: {error}", fix="mend it there; prices are [[price]] entries") from error
    entries = content.pop("price", [])
    if content or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        names = ", ".join(content) or "price"
        raise BadConfig(f"{path}: {names} means nothing here", fix="write each price as a [[price]] entry")
    found = [_Entry(path, place, entry).stated() for place, entry in enumerate(entries, start=1)]
    _must_not_overlap(path, found)
    return found


class _Entry:
    """One `[[price]]` entry, with a place to name in errors."""

    def __init__(self, path: Path, place: int, fields: Mapping[str, object]) -> None:
        self._where = f"{path.name}: price {place} ({fields.get('provider', '?')} {fields.get('model', '?')})"
        self._fields = fields

    def stated(self) -> Stated:
        self._know_every_field()
        per, unit = self._whole("per", least=1), self._text("unit")
        if not _WORD.fullmatch(unit):
            self._refuse(f"unit {unit!r} is not a name", "write it in small letters, singular, as page or read_unit")
        amount = self._amount(unit, per)
        valid_from, valid_to = self._instant("valid_from", ALWAYS), self._instant("valid_to", FOREVER)
        if valid_to <= valid_from:
            self._refuse("valid_to is not after valid_from", "give a later valid_to, or none for a price without end")
        currency = self._text("currency")
        if currency not in CURRENCIES:
            self._refuse(f"currency {currency!r} is unknown", "write the ISO 4217 code, for example USD")
        source = self._text("source")
        if source.endswith(LIST):
            self._refuse(f"source ends with {LIST!r}", "name the contract or page; those words mark price lists")
        return Stated(
            provider=self._text("provider").lower(),
            model=self._text("model").lower(),
            pattern=self._pattern(),
            unit=unit,
            context=self._context(),
            size_from=self._whole("size_from", least=0, default=0),
            amount=amount,
            per=per,
            currency=currency,
            valid_from=valid_from,
            valid_to=valid_to,
            source=source,
            correction=self._fields.get("correction", False) is True,
        )

    def _refuse(self, what: str, fix: str) -> NoReturn:
        raise BadConfig(f"{self._where}: {what}", fix=fix, code="bad-overlay")

    def _know_every_field(self) -> None:
        if missing := [name for name in _MUST if name not in self._fields]:
            self._refuse(f"{', '.join(missing)} missing", f"every price needs {', '.join(_MUST)}")
        for name in self._fields:
            if name not in (*_MUST, *_MAY):
                near = get_close_matches(name, [*_MUST, *_MAY], 1)
                meant = f"did you mean {near[0]}? " if near else ""
                self._refuse(f"{name!r} means nothing here", f"{meant}Known: {', '.join((*_MUST, *_MAY))}")

    def _text(self, name: str) -> str:
        value = self._fields[name]
        if not isinstance(value, str) or not value.strip():
            self._refuse(f"{name} is {value!r}, not a text", f"write {name} in quotes")
        return value.strip()

    def _whole(self, name: str, *, least: int, default: int | None = None) -> int:
        value = self._fields.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self._refuse(f"{name} is {value!r}", f"write a whole number, at least {least}")
        return value

    def _amount(self, unit: str, per: int) -> Decimal:
        value = self._fields["amount"]
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self._refuse(f"amount is {value!r}, not a number", "write it as a number, for example 2.50")
        amount = Decimal(value)
        exponent = amount.as_tuple().exponent
        if not isinstance(exponent, int) or amount < 0:
            self._refuse(f"amount is {amount}", "write a number that is not negative")
        if -exponent > PLACES or amount.adjusted() >= PLACES:
            self._refuse(f"amount {amount} has too many digits", f"use at most {PLACES} before and after the point")
        if unit in TOKEN_UNITS and int(amount.scaleb(_ATTO)) % per:
            self._refuse(f"{amount} per {per} tokens is not whole in 1e-18", "state it per 1_000_000 tokens")
        return amount

    def _instant(self, name: str, default: datetime) -> datetime:
        value = self._fields.get(name, default)
        if isinstance(value, datetime):
            if value.tzinfo is None:
                self._refuse(f"{name} {value} has no time zone", "add Z for UTC, or give a day only")
            return value.astimezone(UTC)
        if not isinstance(value, date):
            self._refuse(f"{name} is {value!r}", "write a day without quotes, for example 2026-10-01")
        return datetime(value.year, value.month, value.day, tzinfo=UTC)

    def _pattern(self) -> str:
        if "pattern" not in self._fields:
            return ""
        text = self._text("pattern")
        try:
            re.compile(text)
        except re.error as error:
            self._refuse(f"pattern {text!r}: {error}", "write a regular expression that matches the names in full")
        return text

    def _context(self) -> str:
        value = self._fields.get("context", {})
        if not isinstance(value, dict) or not all(isinstance(v, str) and v for v in value.values()):
            self._refuse(f"context is {value!r}", 'write it as a table of texts, for example {tier = "flex"}')
        if HOURS in value and window_of(value[HOURS]) is None:
            self._refuse(f"hours are {value[HOURS]!r}", "write them in UTC as HH:MM-HH:MM, for example 16:30-00:30")
        return context_text({key: text.strip().lower() for key, text in value.items()})


def _must_not_overlap(path: Path, entries: list[Stated]) -> None:
    for place, entry in enumerate(entries, start=1):
        for before, other in enumerate(entries[: place - 1], start=1):
            same = all(entry[name] == other[name] for name in ("provider", "model", "unit", "context", "size_from"))
            if same and entry["valid_from"] < other["valid_to"] and other["valid_from"] < entry["valid_to"]:
                raise BadConfig(
                    f"{path.name}: prices {before} and {place} are for the same thing at the same time",
                    fix="end the earlier one with valid_to, or leave one out",
                    code="bad-overlay",
                )
