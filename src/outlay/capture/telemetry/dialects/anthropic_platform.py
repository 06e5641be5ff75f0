"""Anthropic's platform: the span that its server writes of a call, when an organization has it sent here.

It comes in a trace of the platform's own, under a service name of the platform's own, which is not a service of ours.
"""

from outlay.capture.telemetry.dialect import Dialect
from outlay.capture.telemetry.span import Span


def _refine(span: Span) -> bool:
    span.parts.facts.setdefault("provider", "anthropic")
    if span.service.said.get("service") == "claude-platform":
        del span.service.said["service"]
    return True


DIALECT = Dialect(sensor="anthropic-platform", scopes=("com.anthropic.claude-platform",), refine=_refine)
