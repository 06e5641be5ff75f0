"""LiteLLM, as a gateway or a library: its spans of version 1, and those of version 2.

Version 1 repeats a call in a second span, `raw_gen_ai_request`, which says nothing in names that count, and keeps the
usage it has worked out as text that Python prints. A proxy answers under the name by which a model was asked for; which
it was is said apart.
"""

from ast import literal_eval

import msgspec

from outlay.capture.telemetry.dialect import Dialect
from outlay.capture.telemetry.span import Span
from outlay.capture.telemetry.tokens import LiteLlmUsage

_LONGEST = 1 << 13
_OPERATIONS = {
    "completion": "chat",
    "text_completion": "text_completion",
    "embedding": "embeddings",
    "responses": "chat",
    "anthropic_messages": "chat",
    "image_generation": "image_generation",
    "transcription": "transcription",
    "speech": "speech",
    "rerank": "rerank",
}


def operation_of(said: str) -> str:
    """Return the usual name of one of LiteLLM's types of calls.

    >>> operation_of("acompletion"), operation_of("aembedding"), operation_of("chat")
    ('chat', 'embeddings', 'chat')
    """
    return _OPERATIONS.get(said) or _OPERATIONS.get(said.removeprefix("a")) or said


def _refine(span: Span) -> bool:
    facts = span.parts.facts
    operation = facts.get("operation") or facts.get("request_type")
    if not isinstance(operation, str):
        return False
    facts["operation"] = operation_of(operation)
    if "response_id" in facts and facts["response_id"] == facts.get("litellm_call"):
        del facts["response_id"]  # of a call that failed
    routed = facts.get("routed_model")
    if isinstance(routed, str) and facts.get("model") in (None, facts.get("asked_model")):
        facts["model"] = routed.partition("/")[2] or routed
    if type(raw := facts.get("usage")) is str and len(raw) <= _LONGEST:
        try:
            facts.update(msgspec.convert(literal_eval(raw), LiteLlmUsage).facts())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            span.parts.tags["flaws"] = "bad-usage"
    return True


DIALECT = Dialect(
    sensor="litellm",
    scopes=("litellm",),
    slots={
        "metadata.usage_object": "usage",
        "gen_ai.cost.total_cost": "cost",
        "litellm.cost.total": "cost",
        "litellm.call_id": "litellm_call",
        "litellm.provider.model": "routed_model",
    },
    fields={
        "litellm.metadata.user_api_key_end_user_id": "user",
        "metadata.user_api_key_end_user_id": "user",
        "litellm.end_user.id": "user",
        "llm.user": "user",
        "metadata.user_api_key_team_alias": "team",
        "litellm.team.alias": "team",
    },
    tags={"metadata.user_api_key_alias": "api_key_alias", "litellm.team.id": "team_id"},
    free=("litellm.metadata.",),
    refine=_refine,
)
