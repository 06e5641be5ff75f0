"""Vercel's AI SDK: one call to it is a span, each step is one, and each request to a model is one. Only those cost.

From version 7 on it writes the conventions' names, before that its own; its spans of embeddings repeat the request.
Where it passes on what the provider said, that counts.
"""

import msgspec

from outlay.capture.telemetry.dialect import Dialect
from outlay.capture.telemetry.span import Span
from outlay.capture.telemetry.tokens import adopt

_OPERATIONS = {
    "doGenerate": "chat",
    "doStream": "chat",
    "doEmbed": "embeddings",
    "doRerank": "rerank",
}


class _Provider(msgspec.Struct):
    usage: dict[str, object] | None = None


class _Metadata(msgspec.Struct):
    anthropic: _Provider | None = None


_metadata = msgspec.json.Decoder(_Metadata)


def _refine(span: Span) -> bool:
    facts = span.parts.facts
    named = facts.get("ai_operation")
    if isinstance(named, str) and named.startswith("ai."):
        operation = _OPERATIONS.get(named.rpartition(".")[2])
        if operation is None:
            return False
        facts["operation"] = operation
    elif facts.get("operation") == "embeddings" and "asked" not in facts and not span.failed:
        return False
    if type(raw := facts.get("usage")) is str:
        try:
            provider = _metadata.decode(raw).anthropic
        except (ValueError, RecursionError):
            provider = None
        if provider and provider.usage:
            adopt(span, "anthropic", provider.usage)
    return True


DIALECT = Dialect(
    sensor="vercel-ai",
    scopes=("gen_ai", "ai"),
    marks=("ai_operation",),
    slots={
        "ai.operationId": "ai_operation",
        "ai.model.provider": "system",
        "ai.model.id": "asked_model",
        "ai.response.model": "model",
        "ai.response.id": "response_id",
        "ai.response.providerMetadata": "usage",
        "ai.usage.inputTokens": "asked",
        "ai.usage.promptTokens": "asked",
        "ai.usage.tokens": "asked",
        "ai.usage.outputTokens": "answered",
        "ai.usage.completionTokens": "answered",
        "ai.usage.cachedInputTokens": "read",
        "ai.usage.inputTokenDetails.cacheReadTokens": "read",
        "ai.usage.inputTokenDetails.cacheWriteTokens": "written",
        "ai.usage.reasoningTokens": "reasoning",
        "ai.usage.outputTokenDetails.reasoningTokens": "reasoning",
    },
    tags={"ai.telemetry.functionId": "function"},
    free=("ai.telemetry.metadata.", "ai.settings.context."),
    refine=_refine,
)
