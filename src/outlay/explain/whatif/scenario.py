"""Scenarios: the choices a period is replayed through, from options or from a TOML file.

```toml
[[scenario]]
name = "small model for tagging"
where = { feature = "ai_tagging.document_auto_tag" }
model = [{ from = "claude-opus-5", to = "openai/gpt-5-mini", share = "50%" }]
cache_hit = "60%"
prompt_cut = "20%"
batch = "30%"
traffic = 10
price = [{ model = "gpt-5-mini", unit = "input", amount = "0.20", per = 1_000_000 }]
```
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from outlay.errors import BadInput, Refused
from outlay.explain.parts import read_part
from outlay.explain.toml_file import read_tables, refuse
from outlay.terms.money import EXACT, PLACES

_ATTO = 18
_PRICE = re.compile(r"(?:(?P<model>.+):)?(?P<unit>\w+)=(?P<amount>[\d.]+)/(?P<per>[\d_,]+)")
_KEYS = ("name", "where", "model", "cache_hit", "batch", "prompt_cut", "traffic", "price")


@dataclass(frozen=True, slots=True)
class Swap:
    """Calls of one model go to another.

    Args:
        old: A model as usage or the price book names it, with its provider and a slash in front or without.
        new: Likewise; without a provider, the provider stays.
        share: The part of the calls, above 0 and up to 1.
    """

    old: str
    new: str
    share: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class NewPrice:
    """Another price of one unit.

    Args:
        unit: What is priced.
        amount: In the currency of the price it takes the place of.
        per: For how many units.
        model: Of this model only; None for all.
    """

    unit: str
    amount: Decimal
    per: int
    model: str | None = None

    @property
    def atto(self) -> int:
        """Return the price of one unit in 1e-18 of the currency; it is whole, or the price would not have been read."""
        return int(self.amount.scaleb(_ATTO, EXACT)) // self.per


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is done otherwise; what is not named stays as it was.

    Args:
        name: One line.
        where: Value by dimension: the usage it is about.
        swaps: Other models.
        cache_hit: Part of the text of every prompt that is read from the cache.
        batch: Part of the calls that go through the batch API, where the model has batch prices.
        prompt_cut: Part of every prompt that is left out.
        traffic: How many times the usage.
        prices: Other prices.
    """

    name: str = "as asked"
    where: Mapping[str, str] = field(default_factory=dict)
    swaps: Sequence[Swap] = ()
    cache_hit: Decimal | None = None
    batch: Decimal = Decimal(0)
    prompt_cut: Decimal = Decimal(0)
    traffic: Decimal = Decimal(1)
    prices: Sequence[NewPrice] = ()


def read_swap(text: str) -> Swap:
    """Read `OLD=NEW` or `OLD=NEW@SHARE`.

    >>> read_swap("gpt-5.4=openai/gpt-5-mini@25%")
    Swap(old='gpt-5.4', new='openai/gpt-5-mini', share=Decimal('0.25'))
    """
    old, equals, rest = text.partition("=")
    new, mark, share = rest.rpartition("@")
    if mark and not _looks_like_part(share):
        new, mark = rest, ""
    if not equals or not old.strip() or not (new if mark else rest).strip():
        raise BadInput(f"{text!r} is not OLD=NEW", fix="write for example gpt-5.4=openai/gpt-5-mini@50%")
    return Swap(
        old.strip(), (new if mark else rest).strip(), _some(share, f"the share of {text!r}") if mark else Decimal(1)
    )


def read_price(text: str) -> NewPrice:
    """Read `UNIT=AMOUNT/PER` or `MODEL:UNIT=AMOUNT/PER`.

    >>> read_price("gpt-5-mini:input=0.20/1000000")
    NewPrice(unit='input', amount=Decimal('0.20'), per=1000000, model='gpt-5-mini')
    """
    found = _PRICE.fullmatch(text.strip())
    if not found:
        raise BadInput(f"{text!r} is not a price", fix="write UNIT=AMOUNT/PER, for example input=0.20/1000000")
    return new_price(found["unit"], found["amount"], found["per"].replace(",", ""), found["model"])


def new_price(unit: object, amount: object, per: object, model: object = None) -> NewPrice:
    """Return a price after checking it (raises `BadInput`)."""
    said = f"{amount} per {per} {unit}"
    try:
        price = NewPrice(str(unit), Decimal(str(amount)), int(str(per)), None if model is None else str(model))
    except (InvalidOperation, ValueError) as error:
        raise BadInput(f"the price {said!r} is not a number", fix='write amount = "0.20" and per = 1000000') from error
    huge = price.amount.is_finite() and price.amount.adjusted() >= PLACES
    if not price.amount.is_finite() or huge or price.amount < 0 or price.per <= 0 or not price.unit:
        raise BadInput(f"the price {said!r} cannot be", fix="give an amount that is not negative, per at least 1")
    scaled = price.amount.scaleb(_ATTO, EXACT)
    if scaled != int(scaled) or int(scaled) % price.per:
        raise BadInput(
            f"the price {said!r} is finer than prices are kept", fix="give it per 1,000,000, in fewer digits"
        )
    return price


def read_factor(text: object, what: str) -> Decimal:
    """Read how many times: `10`, `1.5` or `10x`."""
    said = str(text).strip()
    try:
        value = Decimal(said.removesuffix("x"))
    except InvalidOperation as error:
        raise BadInput(f"{what} is {said!r}, which is not a number", fix="write for example 10 or 1.5") from error
    if not value.is_finite() or value < 0 or value.adjusted() >= PLACES:
        raise BadInput(f"{what} is {said!r}, which cannot be", fix="write a number that is not negative")
    return value


def read_scenarios(path: Path) -> list[Scenario]:
    """Read a file of scenarios.

    Raises:
        BadConfig: The file cannot be read or used; the message names every scenario and key at fault.
    """
    listed = read_tables(path, "scenario")
    flaws: list[str] = []
    scenarios = [_scenario(entry, f"scenario {place}", flaws) for place, entry in enumerate(listed, start=1)]
    names = [scenario.name for scenario in scenarios]
    flaws += [f"two scenarios are named {name!r}" for name in sorted({n for n in names if names.count(n) > 1})]
    refuse(path, flaws)
    return scenarios


def _scenario(entry: Mapping[str, Any], where: str, flaws: list[str]) -> Scenario:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        flaws.append(f'{where}: has no name; write name = "..."')
        name = where
    where = f"{where} ({name})" if name != where else where
    flaws += [
        f"{where}: {key!r} is not a key; use one of {', '.join(_KEYS)}" for key in sorted(set(entry) - set(_KEYS))
    ]

    def read(key: str, reads: Callable[[Any], Any], otherwise: object) -> Any:  # noqa: ANN401 - one form per key
        if key not in entry:
            return otherwise
        try:
            return reads(entry[key])
        except Refused as error:
            flaws.append(f"{where}: {key}: {error.message}; {error.fix}")
        except (TypeError, AttributeError, KeyError):
            flaws.append(f"{where}: {key} has not the form that the page on estimates shows")
        return otherwise

    return Scenario(
        name,
        read("where", lambda given: {str(k): str(v) for k, v in given.items()}, {}),
        read("model", lambda given: [_swap(one) for one in given], ()),
        read("cache_hit", lambda given: read_part(given, "the cache hit rate"), None),
        read("batch", lambda given: read_part("100%" if given is True else given, "the share of batches"), Decimal(0)),
        read("prompt_cut", lambda given: read_part(given, "the cut"), Decimal(0)),
        read("traffic", lambda given: read_factor(given, "the traffic"), Decimal(1)),
        read("price", lambda given: [new_price(p["unit"], p["amount"], p["per"], p.get("model")) for p in given], ()),
    )


def _swap(given: Mapping[str, object]) -> Swap:
    share = _some(given["share"], "the share") if "share" in given else Decimal(1)
    return Swap(str(given["from"]), str(given["to"]), share)


def _some(text: object, what: str) -> Decimal:
    part = read_part(text, what)
    if not part:
        raise BadInput(f"{what} is 0, which changes nothing", fix="leave it out, or give a share above 0")
    return part


def _looks_like_part(text: str) -> bool:
    # A model may end in a date behind the same sign: `claude-3-5-sonnet@20240620`.
    return bool(re.fullmatch(r"\d{0,3}(\.\d+)?%?", text.strip()))
