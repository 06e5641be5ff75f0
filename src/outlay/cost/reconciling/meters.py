"""Meters: which unit of ours a line of a bill counts, of which model, and in which context.

Vendors say it in words: as a meter (`Cached input`), in a description (`gpt-5-mini, output tokens`), or in the id of
what was sold. The words below are looked for in that order; a line in which none is found is compared by model only.
The table is in docs/reconcile.md.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from outlay.prices.rates import WIDER

#: What a line counts, by a word in it; the first that is found wins, so the narrower ones stand first.
_CLASSES = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"(cache|caching).{0,12}(write|creation).*(\b1 ?h|\bhour|60 ?min)|ephemeral 1 ?h", "cache_write_1h"),
        (r"(cache|caching).{0,12}(write|creation).*(\b5 ?m)|ephemeral 5 ?m", "cache_write_5m"),
        (r"(cache|caching).{0,12}(write|writes|creation)", "cache_write"),
        (r"(uncached|non cached|no cache).{0,8}(input|prompt)", "input"),
        (r"cached?.{0,8}audio|audio.{0,12}cached", "cache_read_audio"),
        (r"cached|cache.{0,4}(read|hit)", "cache_read"),
        (r"reasoning|thinking", "output_reasoning"),
        (r"audio.{0,8}(input|prompt)|(input|prompt).{0,8}audio", "input_audio"),
        (r"audio.{0,8}(output|completion)|(output|completion).{0,8}audio", "output_audio"),
        (r"image.{0,8}(input|prompt)|(input|prompt).{0,8}image", "input_image"),
        (r"image.{0,8}output|output.{0,8}image", "output_image"),
        (r"video.{0,8}(input|prompt)|(input|prompt).{0,8}video", "input_video"),
        (r"\boutput|completion|generated|response token", "output"),
        (r"\binput|\bprompt", "input"),
        (r"\bread units?\b", "read_unit"),
        (r"\bwrite units?\b", "write_unit"),
        (r"\bpages?\b", "page"),
        (r"\bgpu.{0,3}seconds?\b", "gpu_second"),
        (r"\bweb search|search (request|call|quer)", "web_search"),
    )
)
#: In which context, by a word in the line.
_CONTEXTS = tuple(
    (re.compile(pattern), context)
    for pattern, context in (
        (r"\bbatch", {"processing": "batch"}),
        (r"\bflex\b", {"tier": "flex"}),
        (r"\bpriority\b", {"tier": "priority"}),
        (r"\bprovisioned\b", {"tier": "provisioned"}),
        (r"\bfast\b", {"speed": "fast"}),
        (r"long context|>\s*\d+ ?k\b", {"size": "long"}),
    )
)
_DATED = re.compile(r"-20\d\d-?\d\d-?\d\d$")
_NUMBER = re.compile(r"^\s*(?:per\s+)?([\d.,]+)?\s*(k|m|b|thousand|million|billion)?\b\s*(?:of\s+)?", re.IGNORECASE)
_POWERS = {"k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "billion": 9}


@dataclass(frozen=True, slots=True)
class Meter:
    """What a line of a bill counts.

    Args:
        model: The model; empty when the line names none.
        token_class: The unit it counts; empty when no word tells.
        context: What it says about tier, batch and the like; empty for the ordinary.
    """

    model: str
    token_class: str
    context: tuple[tuple[str, str], ...] = ()


def meter_of(resource: str, sku: str, meter: str, description: str, models: Iterable[str]) -> Meter:
    """Say what a line counts.

    Args:
        resource: Resource id on the bill, often the model.
        sku: SKU id.
        meter: SKU meter.
        description: The vendor's sentence.
        models: The provider's models, as usage names them.

    >>> meter_of("gpt-5-mini", "gpt-5-mini", "Cached input", "", ["gpt-5-mini"])
    Meter(model='gpt-5-mini', token_class='cache_read', context=())
    >>> meter_of("", "", "", "gpt-5-mini-2025-08-07, batch output tokens", ["gpt-5-mini"])
    Meter(model='gpt-5-mini', token_class='output', context=(('processing', 'batch'),))
    >>> meter_of("documents", "serverless", "Storage", "", []).token_class
    ''
    """
    model = _model(resource, sku, description, list(models))
    texts = [_words(text) for text in (meter, description, sku)]
    found = next((name for text in texts for pattern, name in _CLASSES if pattern.search(text)), "")
    whole = " ".join(texts)
    said = {key: value for pattern, context in _CONTEXTS if pattern.search(whole) for key, value in context.items()}
    return Meter(model, found, tuple(sorted(said.items())))


def _words(text: str) -> str:
    return re.sub(r"[\s_/:,-]+", " ", text).strip().lower()


def _model(resource: str, sku: str, description: str, models: list[str]) -> str:
    """Return the model that a line is about, as usage names it where usage knows it."""
    said = [text for text in (resource, sku, description.partition(",")[0]) if text]
    exact = {name.lower(): name for name in models}
    for text in said:
        key = text.strip().lower()
        if key in exact:
            return exact[key]
    plain = {_DATED.sub("", name.lower()): name for name in models}
    for text in said:
        key = _DATED.sub("", text.strip().lower())
        if key in plain:
            return plain[key]
    longest = sorted(exact, key=len, reverse=True)
    for text in said:
        key = text.strip().lower()
        for name in longest:
            if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.])", key):
                return exact[name]
    return resource or sku


def times(unit: str) -> Decimal:
    """Return how many single units one of a bill's unit is.

    >>> [str(times(text)) for text in ("Tokens", "1000000 Tokens", "1K tokens", "1M input tokens", "Hours")]
    ['1', '1000000', '1000', '1000000', '1']
    """
    found = _NUMBER.match(unit)
    if not found or not (found[1] or len(found[2] or "") > 1):
        return Decimal(1)
    try:
        number = Decimal((found[1] or "1").replace(",", ""))
    except InvalidOperation:
        return Decimal(1)
    return (number * 10 ** _POWERS.get((found[2] or "").lower(), 0)) or Decimal(1)


def class_of(unit: str, billed: frozenset[str]) -> str:
    """Return the class of a bill in which a unit of usage is counted.

    A unit that the bill does not count by itself is in the wider one, as reasoning is in output.

    >>> class_of("output_reasoning", frozenset({"input", "output"})), class_of("page", frozenset({"input"}))
    ('output', 'page')
    """
    if unit in billed:
        return unit
    if unit == "cache_write" and "cache_write_5m" in billed:
        return "cache_write_5m"
    return next((wider for wider in WIDER.get(unit, ()) if wider in billed), unit)
