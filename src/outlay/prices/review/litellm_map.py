"""LiteLLM's price map: what `model_prices_and_context_window.json` says, as prices of one unit each.

Comes in: the file's text. Goes out: stated prices without dates, the keys that are not compared, problems. Amounts stay
the decimal numbers that stand in the file.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from outlay.errors import BadInput, Unreadable
from outlay.terms.price import context_text
from outlay.terms.problem import Problem

#: Its names for the price of one unit, and our units. A cache write is one of five minutes where it says nothing else.
_UNITS = {
    "input_cost_per_token": ("input",),
    "output_cost_per_token": ("output",),
    "output_cost_per_reasoning_token": ("output_reasoning",),
    "cache_read_input_token_cost": ("cache_read",),
    "cache_creation_input_token_cost": ("cache_write_5m", "cache_write"),
    "cache_creation_input_token_cost_above_1hr": ("cache_write_1h",),
    "input_cost_per_audio_token": ("input_audio",),
    "output_cost_per_audio_token": ("output_audio",),
    "cache_read_input_audio_token_cost": ("cache_read_audio",),
    "input_cost_per_image_token": ("input_image",),
    "output_cost_per_image_token": ("output_image",),
    "input_cost_per_query": ("rerank_search",),
    "input_cost_per_character": ("input_character",),
    "ocr_cost_per_page": ("page",),
    "annotation_cost_per_page": ("annotated_page",),
}
_CONTEXTS = {"_batches": ("processing", "batch"), "_flex": ("tier", "flex"), "_priority": ("tier", "priority")}
_SIZE = re.compile(r"_above_(\d+)k_tokens")
_ENTRY = re.compile(r'\s*"((?:[^"\\]|\\.)+)"\s*:\s*\{')
#: An entry that explains the others.
_SAMPLE = "sample_spec"
#: More places than these on either side are no price.
_PLACES = 30


@dataclass(frozen=True, slots=True)
class Listed:
    """One price of the map, in USD for one unit.

    Args:
        provider: Its `litellm_provider`.
        name: The entry's key.
        unit: Our unit.
        context: As the price book writes it.
        size_from: Prompt size from which it holds.
        amount: In USD.
    """

    provider: str
    name: str
    unit: str
    context: str
    size_from: int
    amount: Decimal


@dataclass(slots=True)
class Map:
    """What a file holds.

    Args:
        entries: How many models.
        prices: Those that have a counterpart among our units.
        not_compared: Keys that state a price of something else, with how many entries have them.
        problems: Amounts that cannot be used.
    """

    entries: int = 0
    prices: list[Listed] = field(default_factory=list)
    not_compared: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


def read_map(path: Path) -> Map:
    """Read a price map of LiteLLM.

    Raises:
        BadInput: There is no such file.
        Unreadable: It is not a map of models in JSON.
    """
    fix = "give LiteLLM's model_prices_and_context_window.json"
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", fix=fix) from error
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise Unreadable(f"{path} is not JSON: {error}", fix=fix) from error
    if not isinstance(content, dict) or not any(isinstance(entry, dict) for entry in content.values()):
        raise Unreadable(f"{path} does not hold models by name", fix=fix)
    lines = {found[1]: line for line, held in enumerate(text.split("\n"), start=1) if (found := _ENTRY.match(held))}
    whole = Map()
    for name, entry in content.items():
        if name == _SAMPLE or not isinstance(entry, dict):
            continue
        whole.entries += 1
        for key, value in entry.items():
            if "cost" in key and value is not None:
                _take(whole, path.name, lines.get(name), name, entry, key, value)
    return whole


def _take(
    whole: Map, file: str, line: int | None, name: str, entry: Mapping[str, object], key: str, value: object
) -> None:
    said = _meaning(key)
    if said is None:
        whole.not_compared[key] += 1
        return
    if not isinstance(value, Decimal) or not _usable(value):
        fix = f"mend {key} of {name}: a price is a number that is not negative"
        whole.problems.append(Problem("bad-amount", file, line, f"{name}.{key}", str(value)[:80], None, None, fix))
        return
    units, context, size_from = said
    provider = str(entry.get("litellm_provider", ""))
    whole.prices += [Listed(provider, name, unit, context, size_from, value) for unit in units]


def _usable(value: Decimal) -> bool:
    return value.is_finite() and value >= 0 and (not value or -_PLACES < value.adjusted() < _PLACES)


def _meaning(key: str) -> tuple[tuple[str, ...], str, int] | None:
    """Return the units, context and size that a key states a price of.

    >>> _meaning("input_cost_per_token_above_200k_tokens_priority")
    (('input',), 'tier=priority', 200001)
    >>> _meaning("output_cost_per_pixel") is None
    True
    """
    size = _SIZE.search(key)
    rest = key if size is None else key[: size.start()] + key[size.end() :]
    context = dict(pair for suffix, pair in _CONTEXTS.items() if rest.endswith(suffix))
    for suffix in _CONTEXTS:
        rest = rest.removesuffix(suffix)
    if rest not in _UNITS:
        return None
    return _UNITS[rest], context_text(context), int(size[1]) * 1000 + 1 if size else 0


def by_entry(prices: list[Listed]) -> Iterator[tuple[tuple[str, str, str, str], dict[int, Decimal]]]:
    """Yield provider, name, unit and context, with the amount by size, of each that has a price for every size."""
    grouped: dict[tuple[str, str, str, str], dict[int, Decimal]] = {}
    for price in prices:
        key = price.provider, price.name, price.unit, price.context
        grouped.setdefault(key, {})[price.size_from] = price.amount
    for key, amounts in grouped.items():
        ordinary = grouped.get((*key[:3], ""), {})
        if 0 not in amounts and 0 not in ordinary:
            continue  # a price of long prompts only leaves open what short ones cost
        yield key, amounts
