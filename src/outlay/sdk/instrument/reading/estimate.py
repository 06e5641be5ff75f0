"""Estimates: what a call used that no answer told, with bounds, so that it is never nothing.

Comes in: the request as it was sent, and how much text came back, as a number. Goes out: quantities to expect, and
the least and the most they may be. Of the request nothing is kept but numbers, the model and its limits.

A token of text is at least one byte, and every word and every piece of a stream is at least one token; four bytes a
token are what is expected. A picture is taken for a thousand tokens.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

#: The longest request that is decoded; of a longer one the beginning and the end are looked at.
LONGEST = 1 << 18
_EDGE = 1 << 13
_BYTES_PER_TOKEN = 4
_TOKENS_PER_PICTURE = 1000
_PER_MESSAGE = 4
#: Text this long and without a space is a file, not words.
_BLOB = re.compile(rb"[A-Za-z0-9+/=_-]{1000,}")
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,200})"')
_SPOKEN = frozenset(
    "messages input prompt system tools contents instructions systemInstruction texts query documents".split()  # noqa: SIM905
)
_LIMITS = ("max_completion_tokens", "max_output_tokens", "max_tokens", "max_tokens_to_sample", "maxOutputTokens")
_NO_OUTPUT = frozenset({"embeddings", "rerank", "transcription"})


class Bounds(NamedTuple):
    """How much of a unit there may be: what is expected, at least and at most; None where nothing bounds it."""

    expected: int
    low: int
    high: int | None


class Asked(NamedTuple):
    """What a request says of itself, without its text.

    Args:
        model: The model that was asked.
        tier: The tier of service that was asked for, where it is not the usual one.
        limit: The most tokens the answer may have; None when the request does not say.
        characters: Length of the text that is to be spoken.
        prompt: How many tokens the request may have.
    """

    model: str | None
    tier: str | None
    limit: int | None
    characters: int
    prompt: Bounds


def asked_of(body: bytes | None) -> Asked:
    """Return what a request says of itself; whatever it holds, nothing is raised.

    >>> asked_of(b'{"model": "m-1", "messages": [{"role": "user", "content": "one two three"}], "max_tokens": 9}')
    Asked(model='m-1', tier=None, limit=9, characters=0, prompt=Bounds(expected=9, low=4, high=93))
    """
    body = body or b""
    if len(body) > LONGEST:
        return _by_its_edges(body)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return Asked(None, None, None, 0, _by_size(body))
    model, tier, spoken = found.get("model"), found.get("service_tier"), found.get("input")
    limits = (found, found.get("generationConfig"), found.get("inferenceConfig"), found.get("options"))
    return Asked(
        model[:200] if isinstance(model, str) else None,
        tier if tier in {"flex", "priority", "batch"} else None,
        next((n for held in limits if isinstance(held, Mapping) if (n := _limit(held)) is not None), None),
        len(spoken) if isinstance(spoken, str) else 0,
        _by_text(found, len(body)),
    )


def _limit(held: Mapping[str, object]) -> int | None:
    return next((n for name in (*_LIMITS, "maxTokens") if type(n := held.get(name)) is int and n > 0), None)


def _by_its_edges(body: bytes) -> Asked:
    """Return what can be told of a request that is too long to decode."""
    edges = body[:_EDGE] + b" " + body[-_EDGE:]
    model = _MODEL.search(edges)
    return Asked(model[1].decode("utf-8", "replace") if model else None, None, None, 0, _by_size(body))


def _by_size(body: bytes) -> Bounds:
    pictures, text = 0, len(body)
    for blob in _BLOB.finditer(body):
        pictures, text = pictures + 1, text - len(blob[0])
    expected = -(-text // _BYTES_PER_TOKEN) + pictures * _TOKENS_PER_PICTURE
    return Bounds(expected, 1 if body else 0, max(len(body), expected))


def _by_text(found: Mapping[str, object], size: int) -> Bounds:
    """Count words and bytes of what a request says to a model."""
    length = words = pictures = 0
    messages = found.get("messages")
    for text in _texts([value for name, value in found.items() if name in _SPOKEN]):
        # The first bytes tell a file from words; to look through all of it takes long.
        if len(text) > 1000 and (text.startswith("data:") or _BLOB.match(text[:1000].encode())):  # noqa: PLR2004
            pictures += 1
            continue
        length += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        words += len(text.split())
    around = _PER_MESSAGE * (len(messages) if isinstance(messages, list) else 0)
    expected = -(-length // _BYTES_PER_TOKEN) + around + pictures * _TOKENS_PER_PICTURE
    return Bounds(max(expected, words), words, max(size, expected))


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < 50 and isinstance(value, (list, dict)):  # noqa: PLR2004 - deeper than any request
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner, depth + 1)


def output_of(asked: Asked, deltas: int, letters: int) -> Bounds:
    """Return how many tokens a streamed answer has, told by its pieces and their bytes.

    Without a limit in the request, thinking that a provider does not show is in no bound.

    >>> output_of(asked_of(b'{"max_tokens": 500}'), 10, 60)
    Bounds(expected=15, low=10, high=500)
    """
    expected = max(deltas, -(-letters // _BYTES_PER_TOKEN))
    high = max(asked.limit, expected) if asked.limit is not None else (letters or None)
    return Bounds(expected, deltas, high)


def enter(bounds: Mapping[str, Bounds], usage: dict[str, object], tags: dict[str, str]) -> None:
    """Put what is expected into a usage, and how sure that is into tags.

    >>> usage, tags = {}, {}
    >>> enter({"input": Bounds(9, 4, 93)}, usage, tags)
    >>> usage, tags
    ({'input': 9}, {'input_low': '4', 'input_high': '93', 'metering': 'estimated'})
    """
    for unit, bound in bounds.items():
        if bound.expected:
            usage[unit] = bound.expected
        tags[f"{unit}_low"] = str(bound.low)
        if bound.high is not None:
            tags[f"{unit}_high"] = str(bound.high)
    if bounds:
        tags["metering"] = "estimated"


def has_output(operation: str | None) -> bool:
    """Say whether an answer of this kind has text that is paid for."""
    return operation not in _NO_OUTPUT
