"""Names that were used before the conventions settled, and those that Sentry's instrumentations still use."""

from outlay.capture.telemetry.dialect import Dialect
from outlay.capture.telemetry.span import Span

_OPERATIONS = {"gen_ai.chat": "chat", "gen_ai.embeddings": "embeddings", "gen_ai.generate_content": "generate_content"}


def _refine(span: Span) -> bool:
    facts = span.parts.facts
    kind = facts.get("sentry_op")
    if "operation" not in facts and isinstance(kind, str):
        facts["operation"] = _OPERATIONS.get(kind, kind.removeprefix("gen_ai."))
    return True


DIALECT = Dialect(
    sensor="sentry",
    scopes=("sentry",),
    marks=("sentry_op",),
    slots={
        "gen_ai.usage.prompt_tokens": "asked",
        "gen_ai.usage.completion_tokens": "answered",
        "llm.usage.prompt_tokens": "asked",
        "llm.usage.completion_tokens": "answered",
        "gen_ai.usage.input_tokens.cached": "read",
        "gen_ai.usage.input_tokens.cache_write": "written",
        "gen_ai.usage.output_tokens.reasoning": "reasoning",
        "gen_ai.usage.cache_read_input_tokens": "read",
        "gen_ai.usage.cache_creation_input_tokens": "written",
        "sentry.op": "sentry_op",
    },
    refine=_refine,
)
