"""OpenInference (Arize Phoenix): names and kinds of its own, no answer ids, zeros that are sent.

Its totals hold their parts. What a program says about its work comes as one JSON object, in which the tools that
Anthropic's server ran are counted, too.
"""

from outlay.capture.telemetry.dialect import Dialect
from outlay.capture.telemetry.span import Span

_LEAVES = {"LLM": "chat", "EMBEDDING": "embeddings", "RERANKER": "rerank"}


def _refine(span: Span) -> bool:
    facts = span.parts.facts
    kind = facts.get("openinference_kind")
    operation = _LEAVES.get(kind) if isinstance(kind, str) else None
    if operation is None:
        return False
    facts.setdefault("operation", operation)
    return True


DIALECT = Dialect(
    sensor="openinference",
    scopes=("openinference.",),
    marks=("openinference_kind",),
    slots={
        "openinference.span.kind": "openinference_kind",
        "llm.provider": "provider",
        "llm.system": "system",
        "llm.model_name": "model",
        "llm.request.model_name": "asked_model",
        "embedding.model_name": "model",
        "reranker.model_name": "model",
        "llm.token_count.prompt": "asked",
        "llm.token_count.completion": "answered",
        "llm.token_count.total": "total",
        "llm.token_count.prompt_details.cache_read": "read",
        "llm.token_count.prompt_details.cache_write": "written",
        "llm.token_count.prompt_details.audio": "asked_audio",
        "llm.token_count.completion_details.reasoning": "reasoning",
        "llm.token_count.completion_details.audio": "answered_audio",
        "llm.prompt_template.name": "prompt",
        "llm.prompt_template.version": "prompt_version",
    },
    tags={"agent.name": "agent"},
    maps=("metadata", "tag.tags"),
    refine=_refine,
)
