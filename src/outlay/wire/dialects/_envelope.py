"""Envelopes: what a response comes wrapped in. A line of a batch's results, or the events of a stream, become a body.

Comes in: decoded JSON. Goes out: the body with the counters, and what the wrapping says about its context.
"""

from collections.abc import Mapping

Body = Mapping[object, object]
BATCH = {"processing": "batch"}
#: Where counters stand; of several events of a stream each counter's last value holds, because they are cumulative.
_COUNTERS = ("usage", "usageMetadata", "usage_metadata", "amazon-bedrock-invocationMetrics")
#: What an event of a stream wraps the body in.
_WRAPS = ("message", "response", "metadata", "interaction")


def opened(found: object) -> tuple[Body, dict[str, str]]:
    """Return the body within a response, a line of a batch or a stream, with the context that this implies.

    >>> opened({"custom_id": "a", "response": {"status_code": 200, "body": {"model": "m"}}})
    ({'model': 'm'}, {'processing': 'batch'})
    >>> opened([{"id": "c", "usage": None}, {"id": "c", "usage": {"prompt_tokens": 3}}])
    ({'id': 'c', 'usage': {'prompt_tokens': 3}}, {})
    """
    if isinstance(found, (list, tuple)):
        return _folded(found), {}
    if not isinstance(found, Mapping):
        return {}, {}
    inner = _batched(found)
    if inner is not None:
        return inner, dict(BATCH)
    return _unwrapped(found), {}


def _batched(line: Body) -> Body | None:
    """Return the body within a line of a batch's results; an empty one when that request gave none."""
    response, result = line.get("response"), line.get("result")
    if "custom_id" in line and isinstance(response, Mapping):
        return _object(response.get("body"))
    if "custom_id" in line and isinstance(result, Mapping):
        return _object(result.get("message"))
    if "custom_id" in line and "error" in line:
        return {}
    if "recordId" in line and "modelInput" in line:
        return _object(line.get("modelOutput"))
    if isinstance(response, Mapping) and ("key" in line or "request" in line):
        return response
    return None


def _unwrapped(event: Body) -> Body:
    """Return the body within an event of a stream, or the event itself."""
    if any(event.get(name) is not None for name in _COUNTERS):
        return event
    kind, begun = event.get("type"), event.get("response")
    if isinstance(begun, Mapping) and isinstance(kind, str) and kind.startswith("response."):
        # Whatever becomes of the stream, its first event says who answers.
        return begun
    for name in _WRAPS:
        inner = event.get(name)
        if isinstance(inner, Mapping) and any(isinstance(inner.get(counters), Mapping) for counters in _COUNTERS):
            return inner
    return event


def _folded(events: list[object] | tuple[object, ...]) -> Body:
    """Return the events of a stream as one body: for each field its last value that is not null, never a sum."""
    body: dict[object, object] = {}
    for event in events:
        if not isinstance(event, Mapping):
            continue
        for name, value in _unwrapped(event).items():
            if value is None:
                continue
            held = body.get(name)
            if name in _COUNTERS and isinstance(held, Mapping) and isinstance(value, Mapping):
                body[name] = {**held, **{key: count for key, count in value.items() if count is not None}}
            else:
                body[name] = value
    return body


def _object(value: object) -> Body:
    return value if isinstance(value, Mapping) else {}
