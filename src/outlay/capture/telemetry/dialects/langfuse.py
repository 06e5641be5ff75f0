"""Langfuse: observations with a type, and usage as a JSON object, either the provider's own or disjoint buckets.

It does not say whom it asked; the model's name tells, or the name of its own clients' spans.
"""

from collections.abc import Mapping

import msgspec

from outlay.capture.telemetry.dialect import Dialect
from outlay.capture.telemetry.event import maker
from outlay.capture.telemetry.span import Span, Value
from outlay.capture.telemetry.tokens import adopt

_LEAVES = {"generation": "chat", "embedding": "embeddings"}
#: Buckets that stand beside one another, by the slot of a token that is in nothing else.
_READ = ("cache_read_input_tokens", "input_cached_tokens", "input_cache_read", "cached_tokens", "input_cached")
_WRITTEN = ("cache_creation_input_tokens", "input_cache_creation", "cache_write_input_tokens", "input_cache_write")
_REASONING = ("output_reasoning_tokens", "output_reasoning", "reasoning_tokens")
_OWN = (b"OpenAI-", b"openai-")


def _refine(span: Span) -> bool:
    facts = span.parts.facts
    operation = _LEAVES.get(str(facts.get("langfuse_type")).strip('"'))
    if operation is None:
        return False
    facts["operation"] = operation
    model = facts.get("model")
    if "provider" not in facts and "system" not in facts:
        provider = "openai" if span.name.startswith(_OWN) else maker(str(model))
        if provider:
            facts["provider"] = provider
    if type(raw := facts.get("usage")) is str:
        try:
            usage = msgspec.json.decode(raw)
        except (ValueError, RecursionError):
            usage = None
        if not isinstance(usage, dict):
            span.parts.tags["flaws"] = "bad-usage"
        elif "input" in usage or "output" in usage:
            _read_buckets(facts, usage)
        elif usage:
            adopt(span, str(facts.get("provider", "")), usage)
    return True


def _read_buckets(facts: dict[str, Value], usage: Mapping[str, Value]) -> None:
    """Put disjoint buckets into totals, which is how everything else is counted."""

    def of(names: tuple[str, ...]) -> int:
        return next((n for name in names if type(n := usage.get(name)) is int), 0)

    def whole(name: str) -> int:
        return n if type(n := usage.get(name)) is int else 0

    read, written, reasoning = of(_READ), of(_WRITTEN), of(_REASONING)
    facts |= {"asked": whole("input") + read + written, "answered": whole("output") + reasoning}
    facts |= {"read": read, "written": written, "reasoning": reasoning}


DIALECT = Dialect(
    sensor="langfuse",
    scopes=("langfuse",),
    marks=("langfuse_type",),
    slots={
        "langfuse.observation.type": "langfuse_type",
        "langfuse.observation.usage_details": "usage",
        "langfuse.observation.model.name": "model",
        "langfuse.observation.prompt.name": "prompt",
        "langfuse.observation.prompt.version": "prompt_version",
    },
    fields={
        "langfuse.user.id": "user",
        "langfuse.session.id": "session",
        "langfuse.environment": "environment",
        "langfuse.release": "release",
    },
    free=("langfuse.trace.metadata.",),
    maps=("langfuse.trace.tags",),
    refine=_refine,
)
