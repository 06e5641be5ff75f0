"""Reading: a decoded JSON object becomes the checked fields of a usage event, or the fault that prevents it."""

from collections.abc import Callable, Mapping
from typing import cast

from outlay.wire import values
from outlay.wire.fault import Fault, Faulty

_PLAIN = frozenset(
    """
    id provider model operation feature customer team user session environment service release trace span parent call
    response_id sensor
    """.split()
)
_CHECKS: Mapping[str, Callable[[str, object], object]] = {
    **dict.fromkeys(_PLAIN, values.text),
    "time": values.instant,
    "usage": values.usage,
    "state": values.state,
    "endpoint": values.endpoint,
    "prompt": values.prompt,
    "error": values.error,
    "attempt": values.attempt,
    "context": values.context,
    "duration_ms": values.milliseconds,
    "reported_cost": values.money,
    "currency": values.currency,
    "tags": values.tags,
}
#: Every field of a usage event; any other top-level field becomes a tag.
FIELDS = frozenset(_CHECKS)


def fields_of(given: object) -> dict[str, object] | Fault:
    """Check a decoded event, bare or as a structured CloudEvent 1.0.

    Fields that hold prompts, messages or answers are dropped. A field we do not know becomes a tag when it is one
    short value, and is dropped otherwise. When an object repeats a key, the last one counts.

    Args:
        given: What the JSON decoder returned.

    Returns:
        The fields of a `UsageEvent` that were given, checked; absent ones are absent. Or the first fault.

    >>> fields_of({"id": "a", "time": "2026-10-03T12:00:00Z", "state": "refused", "plan": "pro"})["tags"]
    {'plan': 'pro'}
    >>> fields_of({"id": "a", "time": "2026-10-03T12:00:00Z"}).code
    'missing-field'
    """
    try:
        if not isinstance(given, dict):
            raise Faulty("not-an-object", None, None, "write an event as a JSON object")
        return _checked(_unwrapped(given) if "specversion" in given else given)
    except Faulty as found:
        return found.fault


def _checked(given: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    loose: dict[str, str] = {}
    for name, value in given.items():
        if value is None:
            continue
        if name in _PLAIN and type(value) is str and 0 < len(value) <= values.LONGEST:
            found[name] = value  # nine fields in ten; the call below costs as much as the rest
        elif check := _CHECKS.get(name):
            kept = check(name, value)
            if kept is not None and kept != {}:
                found[name] = kept
        elif (tag := values.loose_tag(name, value)) is not None:
            loose[name] = tag
    if loose:
        found["tags"] = values.tags("tags", {**loose, **cast("dict[str, str]", found.get("tags", {}))})
    if "id" not in found:
        raise Faulty("missing-field", "id", None, "give every event an id that is the same whenever it is sent again")
    if "time" not in found:
        raise Faulty("missing-field", "time", None, "say when the attempt began, for example 2026-10-03T12:00:00Z")
    if "state" not in found and not isinstance(given.get("usage"), dict):
        raise Faulty("missing-field", "usage", None, "say what was used, or how it ended with state")
    return found


def _unwrapped(given: Mapping[str, object]) -> dict[str, object]:
    """Return the event inside a CloudEvent; its identity is (source, id), its subject the customer."""
    data = given.get("data")
    if given["specversion"] != "1.0":
        raise Faulty("bad-cloudevent", "specversion", given["specversion"], "send CloudEvents 1.0")
    if not isinstance(data, dict):
        raise Faulty("bad-cloudevent", "data", None, "put the usage event, a JSON object, into data")
    for name in ("id", "source"):
        if not given.get(name):
            raise Faulty("missing-field", name, None, f"a CloudEvent needs {name}")
    ident = f"{values.text('source', given['source'])}#{values.text('id', given['id'])}"
    found = {**data, "id": ident}
    if given.get("time") is not None:
        found["time"] = given["time"]
    if found.get("customer") is None and given.get("subject") is not None:
        found["customer"] = given["subject"]
    return found
