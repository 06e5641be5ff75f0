"""A usage event as a JSON object (docs/events.md), plain or as a CloudEvents 1.0 envelope.

Only `id`, `time` and either `usage` or `state` are mandatory. Unknown top-level fields become tags when they hold one
short value. What people or models said is never kept: fields known to carry it are dropped.
"""

from collections.abc import Mapping

from outlay.terms.usage_event import STATES, UsageEvent
from outlay.wire import values
from outlay.wire.flaw import Flaw, Flawed

__all__ = ["FIELDS", "Flaw", "from_json"]

_TEXTS = (
    *("provider", "model", "operation", "feature", "customer", "team", "user", "environment", "service", "release"),
    *("session", "trace", "span", "parent", "call", "response_id", "sensor"),
)
#: Every field of an event; any other becomes a tag.
FIELDS = frozenset(
    {
        *_TEXTS,
        *("id", "time", "usage", "attempt", "state", "context", "duration_ms", "reported_cost"),
        *("currency", "tags", "endpoint", "prompt", "error"),
    }
)


def from_json(found: object) -> UsageEvent | Flaw:
    """Read a decoded JSON object as a usage event.

    When an object says a field twice, the last one counts: decoders keep no other.

    Args:
        found: Numbers may be `int`, `float` or `Decimal`; an envelope of CloudEvents 1.0 is opened.

    Returns:
        The event, or the first flaw that makes it unusable.

    >>> from_json({"id": "e1", "time": "2026-10-03T12:00:00Z", "usage": {"input": 3}}).usage
    {'input': 3}
    >>> from_json({"id": "e1", "time": "2026-10-03T12:00:00Z"}).code
    'missing-usage'
    """
    try:
        return _event(_opened(found))
    except Flawed as flawed:
        return flawed.flaw


def _opened(found: object) -> Mapping[str, object]:
    """Return the event inside a CloudEvent; its identity is source and id, its subject the customer."""
    if not isinstance(found, dict):
        raise Flawed("not-an-object", "event", None, "write one JSON object per event")
    if "specversion" not in found:
        return found
    data = found.get("data")
    if found["specversion"] != "1.0":
        raise Flawed("bad-cloudevent", "specversion", found["specversion"], "send CloudEvents 1.0")
    if not isinstance(data, dict):
        raise Flawed("not-an-object", "data", None, "put the usage event into `data` of the CloudEvent")
    source, ident = values.text("source", found.get("source")), values.text("id", found.get("id"))
    if not source or not ident:
        name = "id" if source else "source"
        raise Flawed(f"missing-{name}", name, None, "a CloudEvent has a source, and an id of its own within it")
    opened = {**data, "id": f"{source}/{ident}"}
    if found.get("time") is not None:
        opened["time"] = found["time"]
    if data.get("customer") is None and found.get("subject") is not None:
        opened["customer"] = found["subject"]
    return opened


def _event(found: Mapping[str, object]) -> UsageEvent:
    # Most values are short texts; they are taken as they stand, without a call each.
    texts = {
        name: value
        if type(value) is str and 0 < len(value) <= values.LONGEST and "\x00" not in value and value.isascii()
        else values.text(name, value)
        for name in _TEXTS
        if (value := found.get(name)) is not None
    }
    state = found.get("state")
    usage = values.usage(found.get("usage"), state)
    if state is not None and state not in STATES:
        raise Flawed("unknown-state", "state", state, f"use one of {', '.join(STATES)}")
    ident = values.text("id", found.get("id"))
    if not ident:
        raise Flawed("missing-id", "id", None, "give every event an id of its own, the same when it is sent again")
    return UsageEvent(
        id=ident,
        time=values.instant(found.get("time")),
        usage=usage,
        endpoint=values.endpoint(found.get("endpoint")),
        prompt=values.prompt(found.get("prompt")),
        error=values.error(found.get("error")),
        attempt=values.count("attempt", found.get("attempt"), 1) or 1,
        state=str(state or "complete"),
        context=values.context(found.get("context")),
        duration_ms=values.count("duration_ms", found.get("duration_ms"), 0),
        reported_cost=values.money(found.get("reported_cost")),
        currency=values.currency(found.get("currency")),
        tags=_tags(found),
        **texts,
    )


def _tags(found: Mapping[str, object]) -> dict[str, str]:
    own = values.tags(found.get("tags"))
    names = found.keys() - FIELDS
    if not names:
        return own
    free = {name: kept for name in names if (kept := values.loose(name, found[name])) is not None}
    return values.tags({**free, **own})
