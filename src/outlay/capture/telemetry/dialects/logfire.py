"""Logfire: the conventions' totals, and the provider's own usage object beside them, which says the rest.

A stream gives two spans: one for the request, which ends before anything is known, and one when the stream has ended,
which stands for the call.
"""

import msgspec

from outlay.capture.telemetry.dialect import Dialect
from outlay.capture.telemetry.span import Span
from outlay.capture.telemetry.tokens import adopt

_SECOND = 1_000_000_000
_LONGEST_S = 86_400


def _refine(span: Span) -> bool:
    facts = span.parts.facts
    metered = "asked" in facts or "answered" in facts
    if facts.get("logfire_type") == "log":
        took = facts.get("duration")
        if isinstance(took, float) and 0 <= took < _LONGEST_S:
            # It is written when the stream has ended, and says how long that took.
            span.end, span.start = span.start, max(span.start - int(took * _SECOND), 0)
    elif not metered and not span.failed and "response_id" not in facts and facts.get("operation") == "chat":
        return False
    if type(raw := facts.get("usage")) is str:
        try:
            adopt(span, str(facts.get("provider", "")), msgspec.json.decode(raw))
        except (ValueError, RecursionError):
            span.parts.tags["flaws"] = "bad-usage"
    return True


DIALECT = Dialect(
    sensor="logfire",
    scopes=("logfire",),
    slots={
        "gen_ai.usage.raw": "usage",
        "logfire.span_type": "logfire_type",
        "duration": "duration",
    },
    maps=("logfire.tags",),
    refine=_refine,
)
