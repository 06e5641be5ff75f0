"""Reading a request: its spans or records become usage events, each of which is one call somebody saw."""

from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b

from outlay.capture.telemetry import litellm
from outlay.capture.telemetry.answer import Rejection
from outlay.capture.telemetry.bodies import json, protobuf
from outlay.capture.telemetry.bodies.walk import Rejected
from outlay.capture.telemetry.dialect import Dialect
from outlay.capture.telemetry.dialects import dialects
from outlay.capture.telemetry.event import event_of, instant
from outlay.capture.telemetry.kinship import attribute, settle
from outlay.capture.telemetry.span import Span
from outlay.errors import BadInput
from outlay.wire.flaw import Flaw, Flawed

_BODIES = {"protobuf": protobuf, "json": json}
_KINDS = ("traces", "logs", "metrics", "litellm")
#: Which dialect a scope speaks is remembered for so many scopes.
_MOST_SCOPES = 4096
_LOG = "otel-log"
_TRACE_DIGITS, _SPAN_DIGITS = 32, 16
#: What a record must be called to be taken for a call; others belong to calls that have a span, or to none.
_LOGGED = "gen_ai.client.inference.operation.details"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a request holds.

    Args:
        events: Usage events as JSON objects (docs/events.md), with ids that are the same when it is sent again.
        seen: How many spans, records or data points there were.
        rejected: Place among those, field, code and fix of each that could not be taken. What is no call is neither
            an event nor rejected.
        places: For each event, the place of what it was made from among those.
    """

    events: list[dict[str, object]] = field(default_factory=list)
    seen: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    places: list[int] = field(default_factory=list)


def read(kind: str, body: bytes, media: str) -> Reading:
    """Read the body of a request.

    Args:
        kind: `traces`, `logs`, `metrics` or `litellm`.
        body: The body, unpacked.
        media: `protobuf` or `json`.

    Returns:
        The events. Metrics give none: they do not say which tokens came from a cache, so nothing can be priced by
        them, and each call they count is in the traces, too.

    Raises:
        BadInput: The body as a whole cannot be decoded.

    >>> read("traces", b'{"resourceSpans": []}', "json")
    Reading(events=[], seen=0, rejected=[], places=[])
    """
    if kind not in _KINDS or media not in _BODIES:
        raise BadInput(f"{kind} in {media} is nothing that is read here", fix=f"send {', '.join(_KINDS)}")
    if kind == "litellm":
        events, seen, flaws = litellm.read(body)
        wrong = {index for index, _ in flaws}
        return Reading(events, seen, _rejections(flaws), [index for index in range(seen) if index not in wrong])
    if kind == "metrics":
        return Reading(seen=_BODIES[media].points(body))
    return _read_logs(body, media) if kind == "logs" else _read_traces(body, media)


def _read_traces(body: bytes, media: str) -> Reading:
    broken: list[Rejected] = []
    flaws: list[Rejected] = []
    spans: dict[str, Span] = {}
    calls: list[Span] = []
    seen = 0
    for span in _BODIES[media].spans(body, broken):
        seen += 1
        if span.whole is None:
            spans[span.id] = span
        _understand(span, flaws)
        if span.event is not None:
            calls.append(span)
            # It is all in the event now, and thousands of these are held at once.
            span.parts.facts.clear()
    theirs = [span for span in calls if span.whole is None] if len(spans) < seen else calls
    settle(spans, theirs)
    attribute(spans, theirs)
    return _reading(calls, seen + len(broken), broken + flaws)


def _read_logs(body: bytes, media: str) -> Reading:
    broken: list[Rejected] = []
    flaws: list[Rejected] = []
    calls: list[Span] = []
    seen = 0
    for span in _BODIES[media].records(body, broken):
        seen += 1
        if span.whole is None and (span.name.decode("utf-8", "replace") or span.parts.facts.get("detail")) != _LOGGED:
            continue
        _understand(span, flaws)
        if span.event is not None:
            calls.append(span)
            if span.whole is None:
                _as_logged(span.event, span)
    attribute({}, (span for span in calls if span.whole is None))
    return _reading(calls, seen + len(broken), broken + flaws)


def _understand(span: Span, flaws: list[Rejected]) -> None:
    """Say in a span which event it is, if it is a call; what our own SDK says of one is taken whole."""
    try:
        if span.whole is not None:
            span.event = {**span.whole, "time": instant(span.start)}
        elif span.parts.facts:
            known = _scopes()
            dialect = known.get(span.scope) or known.of(span)
            span.event, span.sensor = event_of(span, dialect), dialect.sensor
    except Flawed as flawed:
        flaws.append((span.index, flawed.flaw))


def _as_logged(event: dict[str, object], span: Span) -> None:
    """Make the event one of a record: another sensor saw the call than the one that wrote the span, if there is one."""
    event.pop("duration_ms", None)
    if not json.is_id(span.trace, _TRACE_DIGITS):
        del event["trace"]
    if not json.is_id(span.id, _SPAN_DIGITS):
        del event["span"]
    said = repr((span.trace, span.id, span.start, event.get("response_id"), event["usage"], event["model"]))
    event["id"] = f"otlp-log/{blake2b(said.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"
    event["sensor"] = _LOG


class _Scopes(dict[str, Dialect]):
    """The dialect of each scope that has been seen and says which it is."""

    def __init__(self) -> None:
        super().__init__()
        self._all = [found for name, found in sorted(dialects().items()) if name != "otel_genai"]
        self._usual = dialects()["otel_genai"]

    def of(self, span: Span) -> Dialect:
        """Return the dialect of a span whose scope is new, or says nothing."""
        for dialect in (self._usual, *self._all):
            if span.scope.startswith(dialect.scopes):
                if len(self) >= _MOST_SCOPES:
                    self.clear()
                self[span.scope] = dialect
                return dialect
        facts = span.parts.facts
        return next((found for found in self._all if any(mark in facts for mark in found.marks)), self._usual)


@cache
def _scopes() -> _Scopes:
    return _Scopes()


def _reading(calls: list[Span], seen: int, flaws: list[tuple[int, Flaw]]) -> Reading:
    kept = [span for span in calls if span.event]
    events = [span.event for span in kept if span.event]
    return Reading(events, seen, _rejections(flaws), [span.index for span in kept])


def _rejections(flaws: list[tuple[int, Flaw]]) -> list[Rejection]:
    return [(index, flaw.field, flaw.code, flaw.fix) for index, flaw in sorted(flaws, key=lambda one: one[0])]
