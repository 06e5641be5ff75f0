"""Kinship: what the spans of one request say about one another.

A call's span seldom knows who caused it; the spans around it do. And where several instruments saw one call, their
spans stand inside one another, or name the same answer. Only what one request holds is looked at: spans that come
later are joined by the identity ladder of `cost`, by answer id, trace and usage.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from outlay.capture.telemetry.span import Span, Value

#: What a call takes from the spans around it; the rest of the attribution belongs to the service that made it.
_INHERITED = ("feature", "customer", "team", "user", "session", "endpoint")
_DEEPEST = 64
_SERVER = 2


def attribute(spans: Mapping[str, Span], calls: Iterable[Span]) -> None:
    """Say in each call's event who caused it: its own attributes, then those around it, then its service's.

    Args:
        spans: All spans of the request, by id.
        calls: Those that are usage events.
    """
    for span in calls:
        event = span.event
        if event is None:
            continue
        service, parts = span.service, span.parts
        event.update(service.said)
        tags = parts.tags
        if span.parent in spans:
            said, tags = dict(parts.said), dict(tags)
            for above in _ancestors(spans, span):
                _inherit(said, tags, above)
            event.update(said)
        else:
            event.update(parts.said)
        if service.tags:
            tags = {**service.tags, **tags}
        if tags:
            event["tags"] = tags


def _inherit(said: dict[str, Value], tags: dict[str, Value], above: Span) -> None:
    parts = above.parts
    for field in _INHERITED if parts.said else ():
        if field in parts.said:
            said.setdefault(field, parts.said[field])
    if above.kind == _SERVER and (route := parts.facts.get("route")):
        said.setdefault("endpoint", f"{parts.facts.get('method', '')} {route}".strip())
    for name, value in parts.tags.items():
        tags.setdefault(name, value)


def _ancestors(spans: Mapping[str, Span], span: Span) -> Iterator[Span]:
    for _ in range(_DEEPEST):
        above = spans.get(span.parent)
        if above is None or above is span or above.trace != span.trace:
            return
        yield above
        span = above


def settle(spans: Mapping[str, Span], calls: Sequence[Span]) -> None:
    """Leave one event where several spans of the request are one call, as far as that is certain.

    A span that holds calls seen by the same instrument is their sum, and no event. Where two instruments saw one
    call, each keeps its event, with the answer's id and what either alone knew: they are merged when it is priced.
    """
    held: dict[str, list[Span]] = {}
    for span in calls:
        if span.parent in spans:
            above = next((found for found in _ancestors(spans, span) if found.event), None)
            if above is not None:
                held.setdefault(above.id, []).append(span)
    for ident, inner in held.items():
        _settle(spans[ident], inner)
    answers: dict[object, Span] = {}
    for span in calls:
        if span.event and (answer := span.event.get("response_id")):
            first = answers.setdefault(answer, span)
            if first is not span and first.event and first.event["provider"] == span.event["provider"]:
                _share(first.event, span.event)


def _settle(outer: Span, inner: list[Span]) -> None:
    same = [span for span in inner if span.sensor == outer.sensor]
    if same:
        if _usage(outer) and not any(_usage(span) for span in same):
            # The outer one alone was told what it used; of the inner ones, those that failed were tries of it.
            for span in same:
                span.event = span.event if span.failed else None
        else:
            outer.event = None
        return
    alike = [span for span in inner if _is_same(outer, span, alone=len(inner) == 1)]
    if len(alike) == 1:
        _share(outer.event, alike[0].event)
    elif not alike and len(inner) > 1 and _tokens(outer) == sum(_tokens(span) for span in inner) > 0:
        outer.event = None


def _is_same(outer: Span, inner: Span, *, alone: bool) -> bool:
    one, other = outer.event, inner.event
    if not one or not other or one["provider"] != other["provider"]:
        return False
    mine, theirs = one.get("response_id"), other.get("response_id")
    if mine and theirs:
        return mine == theirs
    if not _usage(outer) or not _usage(inner):
        return alone and not outer.failed and not inner.failed
    return _tokens(outer) == _tokens(inner)


def _usage(span: Span) -> Mapping[str, int]:
    found = span.event["usage"] if span.event else None
    return found if isinstance(found, dict) else {}


def _tokens(span: Span) -> int:
    return sum(n for unit, n in _usage(span).items() if unit != "web_search")


def _share(one: dict[str, object] | None, other: dict[str, object] | None) -> None:
    """Let two events of one call say the same about what only one of them knew."""
    if one is None or other is None:
        return
    for mine, theirs in ((one, other), (other, one)):
        if "response_id" in theirs:
            mine.setdefault("response_id", theirs["response_id"])
        usage, told = mine["usage"], theirs["usage"]
        if isinstance(usage, dict) and isinstance(told, dict) and "web_search" in told:
            usage.setdefault("web_search", told["web_search"])
        context = theirs.get("context")
        if isinstance(context, dict):
            known = mine.get("context")
            mine["context"] = {**context, **(known if isinstance(known, dict) else {})}
