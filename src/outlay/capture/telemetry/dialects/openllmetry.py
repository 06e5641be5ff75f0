"""OpenLLMetry (Traceloop): the conventions' names, some of them older, and what a program says about its work.

Its tier and its reasoning are lost in streams. Of Anthropic's streams it counts a token of output too many; the
provider's answer id, which it does state, lets the library's own count win.
"""

from outlay.capture.telemetry.dialect import Dialect
from outlay.capture.telemetry.span import Span

_NAMES = """
    alephalpha anthropic bedrock cohere google_generativeai groq haystack langchain llamaindex mistralai ollama openai.v
    replicate sagemaker together transformers vertexai watsonx writer
"""
_KINDS = {"completion": "text_completion", "embedding": "embeddings"}


def _refine(span: Span) -> bool:
    facts = span.parts.facts
    kind = facts.get("request_type")
    if "operation" not in facts and isinstance(kind, str):
        facts["operation"] = _KINDS.get(kind, kind)
    return True


DIALECT = Dialect(
    sensor="openllmetry",
    scopes=("traceloop.", *(f"opentelemetry.instrumentation.{name}" for name in _NAMES.split())),
    slots={
        "gen_ai.usage.total_tokens": "total",
        "llm.usage.total_tokens": "total",
        "gen_ai.usage.reasoning_tokens": "reasoning",
        "llm.request.type": "request_type",
        "gen_ai.is_streaming": "streamed",
    },
    free=("traceloop.association.properties.",),
    tags={"traceloop.workflow.name": "workflow", "traceloop.entity.name": "entity"},
    refine=_refine,
)
