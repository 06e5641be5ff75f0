"""Bodies in JSON: OTLP's messages as JSON has them, with hexadecimal ids and 64-bit numbers as texts or numbers.

Spans are decoded one by one, so that one that is malformed costs itself only.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from outlay.capture.telemetry.attributes import NOTHING, Found, attributes
from outlay.capture.telemetry.bodies.walk import Group, Rejected, walked
from outlay.capture.telemetry.span import Parts, Span, Value
from outlay.errors import BadInput
from outlay.wire.attributes import SCOPE, from_attributes
from outlay.wire.flaw import Flaw, Flawed

_LONGEST_NUMBER = 20
#: A text below this length needs no closer look.
_SHORT = 128
_FAILED = ("2", "STATUS_CODE_ERROR")
_KINDS = {"SPAN_KIND_SERVER": 2, "SPAN_KIND_CLIENT": 3}
_TRACE_DIGITS, _SPAN_DIGITS = 32, 16
_HEX = frozenset("0123456789abcdef")


class _Any(msgspec.Struct, rename="camel", gc=False):
    string_value: str | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    bool_value: bool | None = None
    array_value: msgspec.Raw = msgspec.Raw(b"")


class _Attribute(msgspec.Struct, gc=False):
    key: str
    value: _Any | None = None


class _Resource(msgspec.Struct):
    attributes: list[msgspec.Raw] | None = None


class _Scope(msgspec.Struct):
    name: str = ""


class _Status(msgspec.Struct, gc=False):
    code: int | str = 0
    message: str = ""


class _Event(msgspec.Struct):
    attributes: list[_Attribute] | None = None


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str | None = ""
    name: str = ""
    kind: int | str = 0
    start_time_unix_nano: int | str = 0
    end_time_unix_nano: int | str = 0
    attributes: list[_Attribute] | None = None
    events: msgspec.Raw = msgspec.Raw(b"")
    status: _Status | None = None


class _Record(msgspec.Struct, rename="camel"):
    time_unix_nano: int | str = 0
    observed_time_unix_nano: int | str = 0
    event_name: str | None = ""
    attributes: list[_Attribute] | None = None
    trace_id: str | None = ""
    span_id: str | None = ""


class _ScopeSpans(msgspec.Struct):
    scope: _Scope | None = None
    spans: list[msgspec.Raw] | None = None


class _ResourceSpans(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Traces(msgspec.Struct, rename="camel"):
    resource_spans: list[_ResourceSpans] | None = None


class _ScopeLogs(msgspec.Struct, rename="camel"):
    scope: _Scope | None = None
    log_records: list[msgspec.Raw] | None = None


class _ResourceLogs(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_logs: list[_ScopeLogs] | None = None


class _Logs(msgspec.Struct, rename="camel"):
    resource_logs: list[_ResourceLogs] | None = None


class _Points(msgspec.Struct, rename="camel"):
    data_points: list[msgspec.Raw] | None = None


class _Metric(msgspec.Struct, rename="camel"):
    gauge: _Points | None = None
    sum_: _Points | None = msgspec.field(default=None, name="sum")
    histogram: _Points | None = None
    exponential_histogram: _Points | None = None
    summary: _Points | None = None


class _ScopeMetrics(msgspec.Struct):
    metrics: list[_Metric] | None = None


class _ResourceMetrics(msgspec.Struct, rename="camel"):
    scope_metrics: list[_ScopeMetrics] | None = None


class _Metrics(msgspec.Struct, rename="camel"):
    resource_metrics: list[_ResourceMetrics] | None = None


_traces = msgspec.json.Decoder(_Traces)
_logs = msgspec.json.Decoder(_Logs)
_metrics = msgspec.json.Decoder(_Metrics)
_one_span = msgspec.json.Decoder(_Span)
_one_record = msgspec.json.Decoder(_Record)
_one_attribute = msgspec.json.Decoder(_Attribute)
_events = msgspec.json.Decoder(list[_Event])
_texts = msgspec.json.Decoder(dict[str, list[_Any] | None])
_Decoded = TypeVar("_Decoded")


def _parsed(decoder: "msgspec.json.Decoder[_Decoded]", body: bytes, what: str) -> _Decoded:
    try:
        return decoder.decode(body)
    except (ValueError, RecursionError) as error:  # the decoder's errors are ValueErrors
        raise BadInput(
            f"the body is no OTLP {what} in JSON: {str(error)[:120]}",
            fix="send what the OTLP/HTTP exporter sends",
            code="bad-otlp",
        ) from error


def spans(body: bytes, rejected: list[Rejected]) -> Iterator[Span]:
    """Yield the spans of a request of traces, in its order; see `protobuf.spans`.

    Raises:
        BadInput: It is no such request.
    """
    request = _parsed(_traces, body, "traces")
    groups = (
        _group(resource.resource, group.scope, group.spans)
        for resource in request.resource_spans or ()
        for group in resource.scope_spans or ()
    )
    return walked(groups, _span, rejected)


def records(body: bytes, rejected: list[Rejected]) -> Iterator[Span]:
    """Yield the records of a request of logs, each as the span it tells of; see `protobuf.records`.

    Raises:
        BadInput: It is no such request.
    """
    request = _parsed(_logs, body, "logs")
    groups = (
        _group(resource.resource, group.scope, group.log_records)
        for resource in request.resource_logs or ()
        for group in resource.scope_logs or ()
    )
    return walked(groups, _record, rejected)


def points(body: bytes) -> int:
    """Return how many data points a request of metrics holds.

    Raises:
        BadInput: It is no such request.
    """
    counts = [
        len(data.data_points or ())
        for resource in _parsed(_metrics, body, "metrics").resource_metrics or ()
        for scope in resource.scope_metrics or ()
        for metric in scope.metrics or ()
        for data in (metric.gauge, metric.sum_, metric.histogram, metric.exponential_histogram, metric.summary)
        if data
    ]
    return sum(counts)


def _group(resource: _Resource | None, scope: _Scope | None, items: list[msgspec.Raw] | None) -> Group[msgspec.Raw]:
    service, flaw = _read_resource(resource)
    return Group(service, flaw, scope.name if scope else "", items or ())


def _decoded(decoder: "msgspec.json.Decoder[_Decoded]", raw: msgspec.Raw, what: str) -> _Decoded:
    try:
        return decoder.decode(raw)
    except (ValueError, RecursionError) as error:
        raise Flawed(f"bad-{what}", what, None, f"send it as OTLP's JSON has it ({str(error)[:120]})") from error


def _span(index: int, raw: msgspec.Raw, group: Group[msgspec.Raw]) -> Span:
    found = _decoded(_one_span, raw, "span")
    trace, ident = found.trace_id.lower(), found.span_id.lower()
    if not is_id(trace, _TRACE_DIGITS):
        raise Flawed("bad-trace-id", "trace_id", trace or None, "send 32 hexadecimal digits that are not all zero")
    if not is_id(ident, _SPAN_DIGITS):
        raise Flawed("bad-span-id", "span_id", ident or None, "send 16 hexadecimal digits that are not all zero")
    status = found.status
    failed = status is not None and str(status.code) in _FAILED
    whole, said = _said(found.attributes or (), group.scope)
    if failed and "error" not in said.facts:
        _read_exceptions(said, found.events)
    return Span(
        index,
        trace,
        ident,
        (found.parent_span_id or "").lower(),
        found.name.encode("utf-8", "replace"),
        found.kind if isinstance(found.kind, int) else _KINDS.get(found.kind, 0),
        _number(found.start_time_unix_nano, "start_time_unix_nano"),
        _number(found.end_time_unix_nano, "end_time_unix_nano"),
        failed,
        status.message if status else "",
        group.scope,
        group.service,
        said,
        whole,
    )


def _record(index: int, raw: msgspec.Raw, group: Group[msgspec.Raw]) -> Span:
    found = _decoded(_one_record, raw, "record")
    began = _number(found.time_unix_nano, "time_unix_nano")
    whole, said = _said(found.attributes or (), group.scope)
    return Span(
        index,
        trace=(found.trace_id or "").lower(),
        id=(found.span_id or "").lower(),
        name=(found.event_name or "").encode("utf-8", "replace"),
        start=began or _number(found.observed_time_unix_nano, "observed_time_unix_nano"),
        scope=group.scope,
        service=group.service,
        parts=said,
        whole=whole,
    )


def _said(found: Iterable[_Attribute], scope: str) -> tuple[dict[str, object] | None, Parts]:
    """Return the whole event that our own SDK put there, or what attributes of anybody else say."""
    if scope == SCOPE:
        stated = {one.key: _value(one.value, one.key) for one in found if one.value is not None}
        if whole := from_attributes(stated):
            return whole, Parts({}, {}, {})
    return None, _read_attributes(found)


def _read_exceptions(said: Parts, raw: msgspec.Raw) -> None:
    """Let the exceptions that a span recorded name the error; what they quote is left alone."""
    try:
        for event in _events.decode(raw):
            if (told := _read_attributes(event.attributes or ()).facts.get("exception")) is not None:
                said.facts["error"] = told
    except (ValueError, RecursionError, Flawed):  # none, or none that can be read
        return


def is_id(text: str, digits: int) -> bool:
    """Say whether a text is an id of so many hexadecimal digits, in small letters.

    >>> is_id("00f067aa0ba902b7", 16), is_id("0" * 16, 16)
    (True, False)
    """
    return len(text) == digits and set(text) <= _HEX and text.strip("0") != ""


def _number(value: int | str, field: str) -> int:
    if isinstance(value, str):
        if not value:
            return 0
        if not value.isascii() or not value.isdigit() or len(value) > _LONGEST_NUMBER:
            raise Flawed("bad-time", field, value, "state nanoseconds since 1970")
        value = int(value)
    if not 0 <= value < 1 << 64:
        raise Flawed("bad-time", field, value, "state nanoseconds since 1970")
    return value


def _read_attributes(found: Iterable[_Attribute]) -> Parts:
    return attributes().sorted_out(found, _found)


def _found(attribute: _Attribute) -> Found:
    known = attributes()
    part, name, _, plain, is_number = known.roles.get(attribute.key) or known.role(attribute.key)
    if not part or (held := attribute.value) is None:
        return NOTHING
    text = held.string_value
    if plain and text and len(text) < _SHORT and text[0] != '"' and "\x00" not in text:
        return (part, name, text)
    if is_number and text is None and (number := held.int_value) is not None:
        return (part, name, _whole(number, attribute.key))
    return known.kept(part, name, _value(held, attribute.key))


def _read_resource(resource: _Resource | None) -> tuple[Parts, Flaw | None]:
    try:
        listed = [_one_attribute.decode(raw) for raw in resource.attributes or ()] if resource else None
        return _read_attributes(listed or ()), None
    except Flawed as flawed:
        return Parts({}, {}, {}), flawed.flaw
    except (ValueError, RecursionError) as error:
        return Parts({}, {}, {}), Flaw(
            "bad-resource", "resource", None, f"send it as OTLP's JSON has it ({str(error)[:120]})"
        )


def _value(said: _Any, name: str) -> Value | None:
    if said.string_value is not None:
        return said.string_value
    if said.int_value is not None:
        return _whole(said.int_value, name)
    if said.bool_value is not None:
        return said.bool_value
    if isinstance(said.double_value, float):
        return said.double_value
    return _listed(said.array_value) if said.array_value else None


def _whole(value: int | str, name: str) -> int:
    if isinstance(value, str):
        digits = value.removeprefix("-")
        if not digits.isascii() or not digits.isdigit() or len(digits) > _LONGEST_NUMBER:
            raise Flawed("bad-attribute", name, value, "write whole numbers in digits")
        value = int(value)
    return value


def _listed(raw: msgspec.Raw) -> list[str]:
    try:
        found = _texts.decode(raw).get("values") or []
    except (ValueError, RecursionError):
        return []
    return [item.string_value for item in found if item.string_value is not None]
