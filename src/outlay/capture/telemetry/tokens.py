"""Tokens: from totals that hold their parts to units that do not overlap.

Emitters state how many tokens went in and came out, and of those how many were read from a cache, written to one, or
spent on reasoning. Nothing is clamped: where parts are more than their whole they stand beside it, both count, and a
flaw says so.
"""

from collections.abc import Mapping
from typing import cast

import msgspec

from outlay.capture.telemetry.span import Span, Value
from outlay.wire.dialects import read as understood
from outlay.wire.flaw import Flawed
from outlay.wire.values import MOST

Facts = Mapping[str, Value]
#: Slots that hold tokens which hardly anybody uses.
_RARE = frozenset(
    "asked_audio asked_image read_audio read_image answered_audio answered_image rejected".split()  # noqa: SIM905
)
#: What a user calls a slot.
_UNITS = {
    "asked": "input",
    "answered": "output",
    "read": "cache_read",
    "written": "cache_write",
    "written_5m": "cache_write_5m",
    "written_1h": "cache_write_1h",
    "reasoning": "output_reasoning",
    "web_searches": "web_search",
}
_LIFETIMES = frozenset({"written_5m", "written_1h"})
_ASKED, _ANSWERED = "exclusive-input", "exclusive-output"


def count(facts: Facts, slot: str) -> int:
    """Return a stated quantity; 0 when nothing is stated, or an emitter had no number and said so with NaN.

    Raises:
        Flawed: It is negative, a fraction, no number, or more than anybody uses.
    """
    value = facts.get(slot)
    if value is None:
        return 0
    if type(value) is int and 0 <= value <= MOST:
        return value
    if type(value) is float and (value != value or value.is_integer()):  # noqa: PLR0124 - so NaN is told
        value = 0 if value != value else int(value)  # noqa: PLR0124 - as above
    elif type(value) is str and value.isascii() and value.isdigit() and len(value) <= len(str(MOST)):
        value = int(value)
    if type(value) is int and 0 <= value <= MOST:
        return value
    why = "tokens are whole numbers from 0 up, and no call uses more than 10^12"
    raise Flawed("bad-quantity", f"usage.{_UNITS.get(slot, slot)}", None if isinstance(value, str) else value, why)


def disjoint(facts: Facts, *, seldom: bool = True) -> tuple[dict[str, int], str | None]:
    """Return tokens by unit, and the flaw when they do not fit together.

    Args:
        facts: What is stated.
        seldom: Whether anything beyond totals, cache and reasoning may be.

    >>> disjoint({"asked": 1656, "answered": 300, "read": 1000, "written": 456, "written_5m": 400, "written_1h": 56})
    ({'cache_write_5m': 400, 'cache_write_1h': 56, 'input': 200, 'cache_read': 1000, 'output': 300}, None)
    >>> disjoint({"asked": 200, "answered": 300, "read": 1000})
    ({'input': 200, 'cache_read': 1000, 'output': 300}, 'exclusive-input')

    Raises:
        Flawed: A quantity is none.
    """
    get = cast("Mapping[str, int]", facts).get  # which the next lines check, for the few that are looked at
    asked, answered, read = get("asked", 0), get("answered", 0), get("read", 0)
    written, reasoning = get("written", 0), get("reasoning", 0)
    ordinary = type(asked) is type(answered) is type(read) is type(written) is type(reasoning) is int
    together = asked + answered + read + written + reasoning if ordinary else 0
    if not ordinary or together > MOST or min(asked, answered, read, written, reasoning) < 0:
        asked, answered, read = count(facts, "asked"), count(facts, "answered"), count(facts, "read")
        written, reasoning = count(facts, "written"), count(facts, "reasoning")
    flaw = None
    units: dict[str, int] = {}
    if written or (seldom and not _LIFETIMES.isdisjoint(facts)):
        written, flaw = _written(facts, units, written)
    fresh, spoken = asked - read - written, answered - reasoning
    if fresh < asked and (fresh < 0 or _beside(facts, asked + answered, read + written)):
        flaw, fresh = _ASKED, asked
    if spoken < 0:
        flaw, spoken = _ANSWERED, answered
    if seldom and not _RARE.isdisjoint(facts):
        fresh, read, spoken = _other_kinds(facts, units, fresh, read, spoken)
    if fresh:
        units["input"] = fresh
    if read:
        units["cache_read"] = read
    if spoken:
        units["output"] = spoken
    if reasoning:
        units["output_reasoning"] = reasoning
    return units, flaw


def _written(facts: Facts, units: dict[str, int], written: int) -> tuple[int, str | None]:
    """Put down what was written to a cache, by its lifetime; return how much that is in all."""
    short, long = count(facts, "written_5m"), count(facts, "written_1h")
    flaw = None
    if short + long > written:
        flaw = "parts-differ" if written else None
        written = short + long
    elif long and not short:
        short = written - long  # who states only the longer lifetime leaves the usual one to be worked out
    lifetimes = (("cache_write_5m", short), ("cache_write_1h", long), ("cache_write", written - short - long))
    units.update([pair for pair in lifetimes if pair[1]])
    return written, flaw


def _beside(facts: Facts, both: int, inside: int) -> bool:
    """Say whether a stated total shows that cached tokens stand beside the input, not in it."""
    return "total" in facts and count(facts, "total") == both + inside


def _other_kinds(facts: Facts, units: dict[str, int], fresh: int, read: int, spoken: int) -> tuple[int, int, int]:
    """Take sounds, pictures and rejected predictions out of the tokens of text; return what is left of those."""
    if rejected := count(facts, "rejected"):
        units["output_rejected"] = rejected
        spoken -= min(rejected, spoken)
    for kind in ("audio", "image"):
        cached = min(count(facts, f"read_{kind}"), read)
        heard = min(max(count(facts, f"asked_{kind}") - cached, 0), fresh)
        made = min(count(facts, f"answered_{kind}"), spoken)
        fresh, read, spoken = fresh - heard, read - cached, spoken - made
        units |= {f"input_{kind}": heard} if heard else {}
        units |= {f"cache_read_{kind}": cached} if cached else {}
        units |= {f"output_{kind}": made} if made else {}
    return fresh, read, spoken


def adopt(span: Span, provider: str, usage: object) -> None:
    """Let a provider's own usage object, which an emitter passes on, say what a call used.

    Args:
        span: The call.
        provider: Who wrote the object, under any of its usual names.
        usage: The object, decoded.
    """
    facts = span.parts.facts
    vector = understood(provider, {"model": facts.get("model"), "usage": usage})
    if vector.units:
        span.units = {unit: int(n) for unit, n in vector.units.items()}
    flaws = [flaw.code for flaw in vector.flaws if flaw.code != "missing-usage"]
    if vector.also:
        flaws.append("other-models")
    span.flaw = flaws[0] if flaws else None
    for name, value in vector.context.items():
        facts.setdefault("tier" if name == "processing" else name, value)


class _Lifetimes(msgspec.Struct):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class _Asked(msgspec.Struct):
    cached_tokens: int | None = None
    cache_creation_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None
    cache_creation_token_details: _Lifetimes | None = None


class _Answered(msgspec.Struct):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None
    rejected_prediction_tokens: int | None = None


class _Tools(msgspec.Struct):
    web_search_requests: int | None = None


class LiteLlmUsage(msgspec.Struct):
    """What LiteLLM makes of every provider's usage: totals that hold their parts, in one shape."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Asked | None = None
    completion_tokens_details: _Answered | None = None
    server_tool_use: _Tools | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None

    def facts(self) -> dict[str, Value]:
        """Return it as slots.

        >>> LiteLlmUsage(prompt_tokens=9, completion_tokens=1).facts()
        {'asked': 9, 'answered': 1}
        """
        asked = self.prompt_tokens_details or _Asked()
        answered = self.completion_tokens_details or _Answered()
        lifetimes = asked.cache_creation_token_details or _Lifetimes()
        tools = self.server_tool_use or _Tools()
        said: dict[str, Value | None] = {
            "asked": self.prompt_tokens,
            "answered": self.completion_tokens,
            "read": asked.cached_tokens or self.cache_read_input_tokens,
            "written": asked.cache_creation_tokens or asked.cache_write_tokens or self.cache_creation_input_tokens,
            "written_5m": lifetimes.ephemeral_5m_input_tokens,
            "written_1h": lifetimes.ephemeral_1h_input_tokens,
            "asked_audio": asked.audio_tokens,
            "asked_image": asked.image_tokens,
            "reasoning": answered.reasoning_tokens,
            "rejected": answered.rejected_prediction_tokens,
            "answered_audio": answered.audio_tokens,
            "answered_image": answered.image_tokens,
            "web_searches": tools.web_search_requests,
            "tier": self.service_tier,
            "speed": self.speed,
            "region": self.inference_geo,
        }
        always = ("asked", "answered")
        return {slot: value for slot, value in said.items() if value is not None and (value or slot in always)}
