"""Feature files: what a feature is expected to do, in TOML, before it is built.

```toml
feature = "reports.weekly_digest"
users = 10_000
requests_per_user_per_day = 3
cache_hit_rate = "40%"
retry_rate = "2%"

[tokens]
input = { p50 = 6_000, p95 = 15_000 }
output = 500

[[model]]
provider = "anthropic"
model = "claude-sonnet-4-5"
```
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from outlay.errors import BadConfig, BadInput
from outlay.explain.estimate.sizes import Size
from outlay.explain.parts import read_part
from outlay.explain.toml_file import read_toml
from outlay.terms.money import PLACES
from outlay.terms.period import Period
from outlay.terms.price import context_text
from outlay.terms.unit import TOKEN_UNITS

_KEYS = (
    *("feature", "users", "requests_per_user_per_day", "days", "tokens", "like", "like_period", "cache_hit_rate"),
    *("retry_rate", "growth_per_month", "on", "units", "also", "model"),
)
_NANO = 9
_DAYS = 30


@dataclass(frozen=True, slots=True)
class Compared:
    """One model to compare.

    Args:
        provider: As usage names it.
        model: As usage names it.
        context: Tier, processing and the like, as the price book writes it.
    """

    provider: str
    model: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Also:
    """Something that each request uses besides the model, of its own provider.

    Args:
        provider: Who is paid.
        model: The meter.
        unit: What is counted.
        quantity: How many of it per request.
    """

    provider: str
    model: str
    unit: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Planned:
    """What a feature is expected to do.

    Args:
        feature: Its name, as usage events will carry it.
        users: Active users.
        requests: Of one active user a day.
        models: To compare.
        days: Of a month.
        tokens: Of one request, by unit; empty when `like` says it.
        like: A feature whose real usage says what one request uses.
        like_period: Whose usage; None means the newest published month that has some.
        cache_hit_rate: Part of the text of a prompt that is read from the cache; None as said by tokens or `like`.
        retry_rate: Retries per request, each of which costs as much as a request.
        growth: Of the requests, from one month to the next.
        on: The day whose prices are used; None means today.
        units: What the model charges for besides tokens, per request.
        also: What other providers charge for, per request.
        definition: The file as it was read.
    """

    feature: str
    users: int
    requests: Size
    models: Sequence[Compared]
    days: int = _DAYS
    tokens: Mapping[str, Size] = field(default_factory=dict)
    like: str | None = None
    like_period: Period | None = None
    cache_hit_rate: Decimal | None = None
    retry_rate: Decimal = Decimal(0)
    growth: Decimal = Decimal(0)
    on: date | None = None
    units: Mapping[str, Decimal] = field(default_factory=dict)
    also: Sequence[Also] = ()
    definition: Mapping[str, Any] = field(default_factory=dict)


def read_feature(path: Path) -> Planned:
    """Read a feature file.

    Raises:
        BadConfig: It cannot be read, or a key is wrong or missing; the message names the file, and every such key with
            its fix.
    """
    reader = _Reader(read_toml(path))
    planned = reader.planned()
    if reader.flaws:
        raise flawed(str(path), reader.flaws)
    return planned


def flawed(where: str, flaws: Sequence[str]) -> BadConfig:
    """Return the error that names every flaw of a feature file."""
    count = "1 key is" if len(flaws) == 1 else f"{len(flaws)} keys are"
    return BadConfig(
        f"{where} cannot be used: {count} wrong or missing\n  " + "\n  ".join(flaws),
        fix="mend each key that is named, and try again",
        code="bad-feature-file",
    )


class _Reader:
    """Reads one file and gathers every flaw on the way; what is flawed reads as something harmless."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found
        self.flaws: list[str] = []

    def planned(self) -> Planned:
        found, like = self._found, self._found.get("like")
        self._only(found, _KEYS, "")
        if like is not None and "tokens" in found:
            self._flaw("tokens", "stands beside `like`", "keep one of them: `like` brings the tokens of real usage")
        if like is not None and "retry_rate" in found:
            self._flaw("retry_rate", "stands beside `like`", "leave it out: real usage has its own retries in it")
        if like is None and "tokens" not in found:
            self._flaw("tokens", "is missing", 'write [tokens] with input and output, or like = "a feature"')
        if like is None and "like_period" in found:
            self._flaw("like_period", "stands without `like`", "leave it out, or name the feature with `like`")
        requests = self._size("requests_per_user_per_day", found.get("requests_per_user_per_day"))
        if not requests.mean:
            self._flaw("requests_per_user_per_day", "is 0", "write how many requests an active user makes a day")
        return Planned(
            self._text("feature", found),
            self._whole("users"),
            requests,
            self._models(),
            self._whole("days", _DAYS),
            self._tokens(),
            None if like is None else self._text("like", found),
            self._period(),
            self._part("cache_hit_rate") if "cache_hit_rate" in found else None,
            self._part("retry_rate"),
            self._part("growth_per_month", shrinks=True),
            self._day(),
            self._units(),
            [self._also(entry, place) for place, entry in enumerate(self._tables("also"), start=1)],
            found,
        )

    def _flaw(self, key: str, what: str, fix: str) -> None:
        self.flaws.append(f"{key} {what}. {fix[0].upper()}{fix[1:]}")

    def _only(self, found: Mapping[str, Any], keys: Collection[str], where: str) -> None:
        for key in sorted(set(found) - set(keys)):
            near = get_close_matches(key, keys, 1)
            self._flaw(f"{where}{key}", "is not a key", f"write {near[0]}" if near else f"use {', '.join(keys)}")

    def _text(self, key: str, found: Mapping[str, Any], where: str = "") -> str:
        value = found.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        what = "is missing" if value is None else f"is {value!r}, which is not a name"
        self._flaw(f"{where}{key}", what, f'write {key} = "..."')
        return "?"

    def _whole(self, key: str, otherwise: int | None = None) -> int:
        value = self._found.get(key, otherwise)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        what = "is missing" if value is None else f"is {value}, which is not a whole number above 0"
        self._flaw(key, what, f"write for example {key} = {otherwise or 10_000}")
        return 1

    def _number(self, key: str, value: object, *, least: int = 0, places: int = _NANO) -> Decimal:
        fix = f"write a number that is not below {least}"
        if value is None or isinstance(value, (bool, dict, list)):
            self._flaw(key, "is missing" if value is None else f"is {value!r}, which is not a number", fix)
            return Decimal(1)
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            self._flaw(key, f"is {value!r}, which is not a number", fix)
            return Decimal(1)
        if not number.is_finite() or number < least or number.adjusted() >= PLACES:
            self._flaw(key, f"is {value}, which cannot be", fix)
            return Decimal(1)
        if number != round(number, places):
            self._flaw(key, f"is {value}, which is finer than usage is counted", f"give it {places} decimals at most")
        return number

    def _size(self, key: str, value: object) -> Size:
        """Read a number, or a spread: `{ p50, p95 }` or `{ mean, stddev }`."""
        if not isinstance(value, dict):
            number = self._number(key, value)
            return Size(number)
        if set(value) not in ({"p50", "p95"}, {"mean", "stddev"}):
            has = ", ".join(sorted(value)) or "nothing"
            self._flaw(key, f"has {has}", "give a number, { p50 = ..., p95 = ... } or { mean = ..., stddev = ... }")
            return Size(Decimal(1))
        by_name = {str(name): self._number(f"{key}.{name}", given) for name, given in value.items()}
        middle = by_name["mean" if "mean" in by_name else "p50"]
        if middle <= 0:
            self._flaw(key, "has a middle of 0", "give a p50 or mean above 0")
            return Size(Decimal(1))
        if "mean" in by_name:
            return Size.of_deviation(middle, by_name["stddev"])
        if by_name["p95"] < middle:
            self._flaw(key, f"has a p95 of {by_name['p95']} below its p50 of {middle}", "give a p95 that is not below")
            return Size(Decimal(1))
        return Size.of_quantiles(middle, by_name["p95"])

    def _tokens(self) -> dict[str, Size]:
        given = self._found.get("tokens", {})
        if not isinstance(given, dict) or ("tokens" in self._found and not given):
            self._flaw("tokens", "names no unit", "write [tokens] with input = ... and output = ...")
            return {}
        self._only(given, TOKEN_UNITS, "tokens.")
        if "cache_hit_rate" in self._found and "cache_read" in given:
            self._flaw("tokens.cache_read", "stands beside cache_hit_rate", "keep one of them")
        sizes = {unit: self._size(f"tokens.{unit}", given[unit]) for unit in TOKEN_UNITS if unit in given}
        for unit, size in sizes.items():
            if not size.spread and size.mean != int(size.mean):
                self._flaw(f"tokens.{unit}", f"is {size.mean}", "give whole tokens, or a mean and a stddev")
        return sizes

    def _part(self, key: str, *, shrinks: bool = False) -> Decimal:
        value = self._found.get(key, 0)
        said = str(value).strip()
        sign = -1 if shrinks and said.startswith("-") else 1
        try:
            return sign * read_part(said.removeprefix("-") if shrinks else said, key)
        except BadInput as error:
            self._flaw(key, error.message.removeprefix(f"{key} "), error.fix)
            return Decimal(0)

    def _period(self) -> Period | None:
        value = self._found.get("like_period")
        try:
            return None if value is None else Period.parse(str(value))
        except BadInput as error:
            self._flaw("like_period", f"is {value!r}, which is not a period", error.fix)
            return None

    def _day(self) -> date | None:
        value = self._found.get("on")
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        self._flaw("on", f"is {value!r}, which is not a day", "write on = 2026-11-01")
        return None

    def _units(self) -> dict[str, Decimal]:
        given = self._found.get("units", {})
        if not isinstance(given, dict):
            self._flaw("units", "is not a table", "write [units] with for example web_search = 0.3")
            return {}
        for unit in sorted(set(given) & set(TOKEN_UNITS)):
            self._flaw(f"units.{unit}", "is a kind of token", "write it under [tokens]")
        return {unit: self._number(f"units.{unit}", value) for unit, value in given.items() if unit not in TOKEN_UNITS}

    def _tables(self, key: str) -> list[Mapping[str, Any]]:
        given = self._found.get(key, [])
        if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
            self._flaw(key, "is not a list of tables", f"write every one as [[{key}]]")
            return []
        return given

    def _models(self) -> list[Compared]:
        listed = self._tables("model")
        if not listed and not any(flaw.startswith("model ") for flaw in self.flaws):
            self._flaw("model", "is missing", "write [[model]] with provider and model, once for each to compare")
        found = [self._model(entry, f"model {place}: ") for place, entry in enumerate(listed, start=1)]
        for twice in sorted({f"{one.provider} {one.model}" for one in found if found.count(one) > 1}):
            self._flaw("model", f"names {twice} twice", "name each model once")
        return found

    def _model(self, entry: Mapping[str, Any], where: str) -> Compared:
        self._only(entry, ("provider", "model", "context"), where)
        context = entry.get("context", {})
        if not isinstance(context, dict) or not all(isinstance(value, str) for value in context.values()):
            self._flaw(f"{where}context", f"is {context!r}", 'write context = { processing = "batch" }')
            context = {}
        return Compared(
            self._text("provider", entry, where),
            self._text("model", entry, where),
            context_text({key: value.lower() for key, value in context.items()}),
        )

    def _also(self, entry: Mapping[str, Any], place: int) -> Also:
        where = f"also {place}: "
        self._only(entry, ("provider", "model", "unit", "quantity"), where)
        provider, model, unit = (self._text(key, entry, where) for key in ("provider", "model", "unit"))
        return Also(provider, model, unit, self._number(f"{where}quantity", entry.get("quantity")))
