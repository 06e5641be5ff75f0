"""Dialects: every provider's own usage object, understood as a vector of units that do not overlap.

Comes in: a response as its provider sent it, decoded: the whole body, a line of a batch's results, or the events of a
stream. Goes out: a `UsageVector`. The folder is the list: a file offers `DIALECT`, its name is the provider's, and
only the one that is asked for is loaded. Standard library only, because the SDK carries it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from pkgutil import iter_modules

from outlay.wire.dialects._envelope import opened
from outlay.wire.dialects._reading import Reading
from outlay.wire.dialects._vector import TOKENS, Disagreement, UsageVector

__all__ = ["TOKENS", "Dialect", "Disagreement", "UsageVector", "names", "read"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of providers reports usage.

    Args:
        also: Further names of the family, in lower case with `_` between words.
        marks: Says whether a body has something that only this family writes; asked when the name says nothing.
        read: Counts what the body of a response states; None when it is not a shape of this family.
        common: Whether others write the same, so that it is asked after all of those.
    """

    also: tuple[str, ...]
    marks: Callable[[Mapping[object, object]], bool]
    read: Callable[[Reading, Mapping[object, object]], UsageVector | None]
    common: bool = False


def names() -> list[str]:
    """Return the names of all dialects, without loading any.

    >>> names()[:3]
    ['anthropic', 'bedrock', 'cohere']
    """
    return sorted(found.name for found in iter_modules(__path__) if not found.name.startswith("_"))


def read(provider: str, found: object) -> UsageVector:
    """Understand what one response used.

    Args:
        provider: Who answered, under any of its usual names (`openai`, `azure.ai.openai`, `aws.bedrock`, ...). A name
            that is not known, or whose usual shapes the response does not have, leaves it to the response itself: a
            model of Anthropic's answers in Anthropic's shape wherever it is hosted.
        found: The decoded response: its whole body, not its `usage` alone; one line of a batch's results; or the list
            of a stream's events. It may hold anything.

    Returns:
        What it used. It never raises: what cannot be read, or does not add up, is among the flaws.

    >>> body = {"model": "m-1", "usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17,
    ...         "prompt_tokens_details": {"cached_tokens": 8}}}
    >>> read("openai", body).units
    {'input': 4, 'cache_read': 8, 'output': 5}
    >>> read("openai", {"usage": {"prompt_tokens": 1, "total_tokens": 3}}).flaws
    (Disagreement(code='total-differs', field='usage.total_tokens', by=-2),)
    """
    body, context = opened(found)
    named = _file_of(provider)
    if named:
        reading = Reading(named, body, context)
        if vector := _load(named).read(reading, body):
            return vector
        # What the provider says around another's shape holds for it, too.
        context = {**context, **reading.context}
    for name in _in_turn():
        if name != named and (dialect := _load(name)).marks(body):
            vector = dialect.read(Reading(name, body, context), body)
            if vector:
                return vector
    reading = Reading("", body, context)
    reading.note("missing-usage", "usage")
    return reading.vector()


@cache
def _load(name: str) -> Dialect:
    dialect: Dialect = import_module(f"{__name__}.{name}").DIALECT
    return dialect


@cache
def _listed() -> frozenset[str]:
    return frozenset(names())


@cache
def _in_turn() -> tuple[str, ...]:
    """Return the names in the order in which their marks are looked for."""
    return tuple(sorted(_listed(), key=lambda name: (_load(name).common, name)))


@lru_cache(maxsize=256)
def _file_of(provider: str) -> str | None:
    """Return the file that a provider's name leads to. Its own name needs no other file to be loaded."""
    folded = "".join(letter if letter.isalnum() else "_" for letter in provider.strip().lower())
    return folded if folded in _listed() else _further_names().get(folded)


@cache
def _further_names() -> dict[str, str]:
    return dict(_pairs())


def _pairs() -> Iterator[tuple[str, str]]:
    for name in names():
        for also in _load(name).also:
            yield also, name
