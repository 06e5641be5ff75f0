"""Anthropic's client library, which reports every call unless told not to.

It counts as the conventions have it, and knows for how long something was written to a cache. It does not say which
tools ran on the server.
"""

from outlay.capture.telemetry.dialect import Dialect
from outlay.capture.telemetry.span import Span


def _refine(span: Span) -> bool:
    span.parts.facts.setdefault("provider", "anthropic")
    return True


DIALECT = Dialect(
    sensor="anthropic-sdk",
    scopes=("com.anthropic.sdk",),
    slots={
        "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": "written_5m",
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": "written_1h",
        "anthropic.response.service_tier": "tier",
        "anthropic.response.speed": "speed",
        "anthropic.response.inference_geo": "region",
    },
    tags={"anthropic.workspace.id": "anthropic_workspace"},
    refine=_refine,
)
