"""The contract of a dialect: which attribute of an emitter means what, and what is peculiar to it.

Most emitters say the same under other names. A dialect is therefore a table from its names to slots, and a function
for the rest. The tables of all dialects are read together, since an attribute means the same whoever sends it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from outlay.capture.telemetry.span import Span

#: What can be said about a call in a number: tokens as emitters count them, totals and parts inside them; and the rest.
NUMBERS = frozenset(
    {
        *("asked", "answered", "total", "read", "written", "written_5m", "written_1h", "reasoning", "rejected"),
        *("asked_audio", "asked_image", "read_audio", "read_image", "answered_audio", "answered_image"),
        *("web_searches", "status", "duration", "cost"),
    }
)
#: What can be said about a call at all.
SLOTS = NUMBERS | {
    *("operation", "provider", "system", "asked_model", "model", "response_id", "prompt", "prompt_version"),
    *("usage", "tier", "speed", "region", "error", "exception", "route", "method", "streamed", "detail"),
    # What emitters have words of their own for.
    *("openinference_kind", "langfuse_type", "ai_operation", "logfire_type", "request_type", "sentry_op"),
    *("litellm_call", "routed_model"),
}

#: What nearly every call states.
USUAL = frozenset(
    {
        *("operation", "provider", "system", "asked_model", "model", "response_id"),
        *("asked", "answered", "read", "written", "reasoning"),
    }
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one emitter reports calls.

    Args:
        sensor: What its events say saw the call.
        scopes: Beginnings of the names of its instrumentation scopes.
        marks: Slots that only this emitter fills, by which it is known when its scope is not.
        slots: Attribute to slot.
        fields: Attribute to the field of the attribution it says.
        tags: Attribute to the tag it becomes.
        free: Beginnings of attributes whose rest is a dimension that the user named.
        maps: Attributes that hold such dimensions as a JSON object, or as a list of `name:value`.
        refine: Settles what is peculiar to the emitter, in the facts of a span; False says that the span is no call.
    """

    sensor: str
    scopes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    slots: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    free: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    refine: Callable[[Span], bool] | None = None
