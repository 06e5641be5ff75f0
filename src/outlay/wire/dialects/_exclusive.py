"""Exclusive counts: Anthropic's, in which input holds neither what was read from a cache nor what was written to one.

Comes in: the usage object of a message. Goes out: disjoint units. Output holds the thinking, and there is no grand
total. Two kinds of tokens stand beside the top-level counts: what it took to compact the conversation, and what other
models used.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from outlay.wire.dialects._reading import Counts, Reading

_TOOLS = {
    "web_search_requests": "web_search",
    "web_fetch_requests": "web_fetch",
    "code_execution_requests": "code_execution",
}
#: The rounds of a call that its top-level counts are the sum of.
_ROUNDS = ("message", "fallback_message")


@dataclass(slots=True)
class _Round:
    """The counts of one usage object, or of one round in it: units of input, output, and the thinking within that."""

    units: dict[str, int]
    output: int
    thinking: int

    @property
    def tokens(self) -> int:
        """Return how many tokens there are, cached or not."""
        return sum(self.units.values()) + self.output


def states_messages(body: Mapping[object, object]) -> bool:
    """Say whether a response counts as Anthropic does, and not as OpenAI, whose names overlap."""
    usage = body.get("usage")
    if not isinstance(usage, Mapping) or not ("input_tokens" in usage or "output_tokens" in usage):
        return False
    return "total_tokens" not in usage and "input_tokens_details" not in usage


def count_exclusive(reading: Reading, usage: Counts) -> None:
    """Count a usage object whose input stands beside its caches, and the tools that the server ran."""
    own = _round(reading, usage)
    _count_iterations(reading, usage, own)
    for unit, amount in own.units.items():
        reading.add(unit, amount, usage.at("input_tokens"))
    reading.add("output", own.output - own.thinking, usage.at("output_tokens"))
    reading.add("output_reasoning", own.thinking)
    tools = usage.part("server_tool_use")
    for name, unit in _TOOLS.items():
        reading.add(unit, tools.count(name))


def _round(reading: Reading, usage: Counts) -> _Round:
    """Read the counts of one usage object."""
    written = usage.count("cache_creation_input_tokens")
    ages = usage.part("cache_creation")
    short, long = ages.count("ephemeral_5m_input_tokens"), ages.count("ephemeral_1h_input_tokens")
    if ages and short + long != written:
        reading.note("parts-differ", usage.at("cache_creation"), short + long - written)
    units = {
        "input": usage.count("input_tokens"),
        "cache_read": usage.count("cache_read_input_tokens"),
        "cache_write_5m": short,
        "cache_write_1h": long,
        # What is written for a time that nobody states.
        "cache_write": max(written - short - long, 0),
    }
    thinking = usage.part("output_tokens_details").count("thinking_tokens")
    return _Round({unit: n for unit, n in units.items() if n}, usage.count("output_tokens"), thinking)


def _count_iterations(reading: Reading, usage: Counts, own: _Round) -> None:
    """Add what stands beside the top-level counts, and hold those against the rounds that they are the sum of."""
    mine, others, compacted = _Round({}, 0, 0), [], []
    rounds = 0
    for part in usage.each("iterations"):
        kind, model, found = part.text("type"), part.text("model"), _round(reading, part)
        if kind == "compaction":
            compacted.append(found)
        elif kind == "advisor_message":
            _beside(reading, model, found)
        elif kind in _ROUNDS:
            rounds += 1
            if model is None or reading.model is None or model == reading.model:
                _merge(mine, found)
            else:
                others.append((model, found))
    if rounds and _by_rounds(reading, usage, own, mine, [found for _, found in others]):
        for model, found in others:
            _beside(reading, model, found)
    for found in compacted:
        _merge(own, found)


def _by_rounds(reading: Reading, usage: Counts, own: _Round, mine: _Round, others: list[_Round]) -> bool:
    """Make the counts those of this model's rounds, and say whether the rounds explain the top-level counts.

    Every round is billed. Older answers state the input of the first one alone, newer ones the sum; with a model that
    stepped in for another, the counts are those of the rounds of one or of both.
    """
    every = _Round({**mine.units}, mine.output, 0)
    for found in others:
        _merge(every, found)
    expected = mine if own.output == mine.output else every
    if by := expected.tokens - own.tokens:
        reading.note("parts-differ", usage.at("iterations"), by)
    if expected.output < own.output:
        return False
    if by:
        own.units, own.output = {**mine.units}, mine.output
    elif expected is every:
        # The top-level counts know for how long something was written to a cache; the rest is taken out of them.
        for found in others:
            _merge(own, found, sign=-1)
    return True


def _merge(own: _Round, found: _Round, sign: int = 1) -> None:
    for unit, amount in found.units.items():
        own.units[unit] = own.units.get(unit, 0) + sign * amount
    own.output += sign * found.output


def _beside(reading: Reading, model: str | None, found: _Round) -> None:
    """Put down what another model used, as a vector of its own."""
    other = Reading(reading.dialect, {"model": model, "id": reading.response_id}, reading.context)
    for unit, amount in found.units.items():
        other.add(unit, amount)
    other.add("output", found.output)
    reading.also.append(other.vector())
