"""Inclusive counts: totals that hold their parts, as OpenAI reports them and most others after it.

Comes in: an object with `prompt_tokens` and `completion_tokens`, or `input_tokens` and `output_tokens`, and their
details. Goes out: disjoint units. Cached, written, audio and image tokens are taken out of the input; reasoning,
rejected predictions, audio and images out of the output. Where a provider counts some of them beside its totals, its
own grand total tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from outlay.wire.dialects._reading import Counts, Reading

_PROMPT = ("prompt_tokens", "input_tokens")
_ANSWER = ("completion_tokens", "output_tokens")
_PROMPT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details", "prompt_token_details")
_ANSWER_DETAILS = ("completion_tokens_details", "output_tokens_details", "output_token_details")
_TOTAL = "total_tokens"
#: Modalities that have prices of their own, as they are spelled in the details.
_SPELLED = (("audio", "audio_tokens"), ("image", "image_tokens"), ("video", "video_tokens"))
_CACHED = ("cached_tokens", "cache_read_input_tokens", "cache_read_tokens")
#: What marks a usage object of Anthropic's kind, next to `input_tokens` and without a total.
_ANTHROPIC = ("cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation")
_CACHED_BESIDE = ("prompt_cache_hit_tokens", "cached_prompt_text_tokens")
_WRITTEN = ("cache_write_tokens", "cache_creation_input_tokens", "cache_creation_tokens")


@dataclass(slots=True)
class Prompt:
    """The input of a call, as its provider counts it.

    Args:
        whole: All of it, parts included.
        place: Where the whole is stated.
        modal: How much of it is audio, image or video; the rest is text.
        cached: How much of it was read from a cache.
        cached_modal: How much of that is audio, image or video.
        written: How much of it was written to a cache, by unit.
    """

    whole: int
    place: str
    modal: Mapping[str, int] = field(default_factory=dict)
    cached: int = 0
    cached_modal: Mapping[str, int] = field(default_factory=dict)
    written: Mapping[str, int] = field(default_factory=dict)

    def count_into(self, reading: Reading) -> None:
        """Count the input by its disjoint units."""
        cached_modal = dict(self.cached_modal)
        fresh = self.whole - sum(self.modal.values()) - sum(self.written.values())
        text_cached = self.cached - sum(cached_modal.values())
        if fresh < text_cached and not cached_modal and len(self.modal) == 1:
            # Cached and audio tokens are together more than the whole, so that many of them must be both.
            ((kind, amount),) = self.modal.items()
            both = min(text_cached - fresh, amount, text_cached)
            cached_modal = {kind: both}
            text_cached -= both
        reading.add("input", fresh - text_cached, self.place)
        reading.add("cache_read", text_cached, self.place)
        for kind in {**self.modal, **cached_modal}:
            part, read = self.modal.get(kind, 0), cached_modal.get(kind, 0)
            reading.add(f"input_{kind}", part - read, self.place)
            # No list prices cached video apart; it is cached input.
            reading.add("cache_read" if kind == "video" else f"cache_read_{kind}", read, self.place)
        for unit, amount in self.written.items():
            reading.add(unit, amount, self.place)


@dataclass(slots=True)
class Answer:
    """The output of a call, as its provider counts it.

    Args:
        whole: All of it, parts included.
        place: Where the whole is stated.
        parts: How much of it has a unit of its own, by unit.
        rest: The unit of what is left.
    """

    whole: int
    place: str
    parts: Mapping[str, int] = field(default_factory=dict)
    rest: str = "output"

    def count_into(self, reading: Reading) -> None:
        """Count the output by its disjoint units."""
        reading.add(self.rest, self.whole - sum(self.parts.values()), self.place)
        for unit, amount in self.parts.items():
            reading.add(unit, amount, self.place)


def states_counts(body: Mapping[object, object]) -> bool:
    """Say whether a response has a `usage` object with counts of this kind, and not one that copies Anthropic's."""
    usage = body.get("usage")
    if not isinstance(usage, Mapping) or body.get("type") == "message":
        return False
    if "input_tokens" in usage and "total_tokens" not in usage and any(name in usage for name in _ANTHROPIC):
        return False
    return any(usage.get(name) is not None for name in (*_PROMPT, *_ANSWER, _TOTAL))


def count_inclusive(
    reading: Reading, usage: Counts, *, rest: str = "output", reasoning_beside: bool = False
) -> int | None:
    """Count a usage object whose totals hold their parts, and return its grand total.

    Args:
        reading: Where the units go.
        usage: The usage object.
        rest: The unit of output that is not text, such as `output_image`.
        reasoning_beside: Whether reasoning stands beside the output where no grand total tells.
    """
    prompt, answer, total = usage.stated(*_PROMPT), usage.stated(*_ANSWER), usage.stated(_TOTAL)
    details, made = usage.part(*_PROMPT_DETAILS), usage.part(*_ANSWER_DETAILS)
    if prompt is None and answer is None and total is not None:
        # Embeddings and rerankers state a total alone: all of it is input.
        prompt = total
    asked = Prompt(
        prompt or 0,
        usage.at(_named(usage, _PROMPT)),
        _modal(details),
        _first(details.stated(*_CACHED), usage.stated(*_CACHED, *_CACHED_BESIDE)),
        _modal(details.part("cached_tokens_details")),
        _written(reading, details, usage),
    )
    details.leave("file_tokens")
    parts = {
        "output_reasoning": _first(made.stated("reasoning_tokens"), usage.stated("reasoning_tokens")),
        "output_rejected": made.count("rejected_prediction_tokens"),
        **{f"output_{kind}": amount for kind, amount in _modal(made).items()},
    }
    given = Answer(answer or 0, usage.at(_named(usage, _ANSWER)), {u: n for u, n in parts.items() if n}, rest)
    made.leave("accepted_prediction_tokens")
    _put_right(asked, given, total, reasoning_beside=reasoning_beside)
    asked.count_into(reading)
    given.count_into(reading)
    _compare_text(reading, details, asked.whole, sum(asked.modal.values()), asked.cached)
    _compare_text(reading, made, given.whole, sum(given.parts.values()), 0)
    details.close()
    made.close()
    return total


def _put_right(asked: Prompt, given: Answer, total: int | None, *, reasoning_beside: bool) -> None:
    """Add to the totals what the provider counts beside them; its grand total tells what that is."""
    reasoning = given.parts.get("output_reasoning", 0)
    if total is None:
        given.whole += reasoning if reasoning_beside or reasoning > given.whole else 0
        return
    match total - asked.whole - given.whole:
        case 0:
            return
        case spare if spare == reasoning:
            given.whole += spare
        case spare if spare in {asked.cached + sum(asked.written.values()), sum(asked.modal.values())}:
            asked.whole += spare


def _modal(details: Counts) -> dict[str, int]:
    return {kind: amount for kind, name in _SPELLED if (amount := details.count(name))} if details else {}


def _written(reading: Reading, details: Counts, usage: Counts) -> dict[str, int]:
    """Return what was written to a cache. OpenAI's lifetimes (30 minutes, 12 hours) have one price, so one unit."""
    amount = _first(details.stated(*_WRITTEN), usage.stated(*_WRITTEN))
    ages = details.part("cache_write_tokens_details")
    apart = ages.count("ttl_30m_tokens") + ages.count("ttl_12h_tokens")
    if ages and apart != amount:
        reading.note("parts-differ", details.at("cache_write_tokens_details"), apart - amount)
    return {"cache_write": amount} if amount else {}


def _compare_text(reading: Reading, details: Counts, whole: int, others: int, cached: int) -> None:
    """Hold the count of text tokens, where one is stated, against what the other counts leave for it."""
    text = details.count("text_tokens")
    # Some count text with its cached part and some without; some count reasoning as text, too.
    if text and not whole - others - cached <= text <= whole:
        reading.note("parts-differ", details.at("text_tokens"), text + others - whole)


def _first(*stated: int | None) -> int:
    """Return the first that is stated: what some put into the details others put beside the totals."""
    return next((amount for amount in stated if amount is not None), 0)


def _named(usage: Counts, names: tuple[str, ...]) -> str:
    return next((name for name in names if usage.says(name)), names[0])
