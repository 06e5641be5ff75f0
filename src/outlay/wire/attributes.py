"""A usage event as the attributes of a span: how it travels in OTLP and comes out the same.

All of it but its time stands under `outlay.`, one attribute for each field, unit, part of the context and tag, so that
whoever forwards the span can look at it, and take out what should not go further. Its time is when the span began.
"""

from collections.abc import Mapping

#: The instrumentation scope of spans that carry a whole event.
SCOPE = "outlay"
_ID = "outlay.event"
#: Field of the event to the beginning of the attributes that hold what is in it.
_GROUPS = {"usage": "outlay.usage.", "context": "outlay.context.", "tags": "outlay.tag."}
_FIELDS = (
    *("provider", "model", "operation", "feature", "customer", "team", "user", "session", "environment", "service"),
    *("endpoint", "prompt", "release", "trace", "span", "parent", "call", "attempt", "response_id", "state", "error"),
    *("duration_ms", "reported_cost", "currency", "sensor"),
)
_NAMES = {f"outlay.{field}": field for field in _FIELDS}


def to_attributes(event: Mapping[str, object]) -> dict[str, object]:
    """Return the attributes that carry an event, which is given as JSON has it.

    >>> to_attributes({"id": "e1", "usage": {"page": "1.5"}, "tags": {"plan": "pro"}, "user": None})
    {'outlay.event': 'e1', 'outlay.usage.page': '1.5', 'outlay.tag.plan': 'pro'}
    """
    found = {_ID: event["id"]}
    found |= {name: value for name, field in _NAMES.items() if (value := event.get(field)) is not None}
    for field, beginning in _GROUPS.items():
        held = event.get(field)
        if isinstance(held, Mapping):
            found |= {f"{beginning}{name}": value for name, value in held.items()}
    return found


def from_attributes(said: Mapping[str, object]) -> dict[str, object] | None:
    """Return the event that attributes carry, without its time; None when they carry none. Nothing is checked.

    >>> from_attributes({"outlay.event": "e1", "outlay.usage.page": "1.5", "http.route": "/"})
    {'id': 'e1', 'usage': {'page': '1.5'}}
    """
    if _ID not in said:
        return None
    found: dict[str, object] = {"id": said[_ID]}
    groups: dict[str, dict[str, object]] = {}
    for name, value in said.items():
        if field := _NAMES.get(name):
            found[field] = value
            continue
        for field, beginning in _GROUPS.items():
            if name.startswith(beginning):
                groups.setdefault(field, {})[name.removeprefix(beginning)] = value
    return {**found, **groups}
