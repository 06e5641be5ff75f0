"""Bodies in protobuf: OTLP's messages, with attributes left as the bytes they are.

The descriptors are a subset of OTLP's with the same field numbers, so any OTLP message can be read with them. Texts are
declared as bytes: a text that is not UTF-8 then costs its own span only, and attributes are decoded one by one, those
that matter and no others.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from outlay.capture.telemetry.bodies.encoded import as_they_stand, sorted_out
from outlay.capture.telemetry.bodies.walk import Group, Rejected, walked
from outlay.capture.telemetry.span import Parts, Span
from outlay.errors import BadInput
from outlay.wire.attributes import SCOPE, from_attributes
from outlay.wire.flaw import Flawed

_PACKAGE = "outlay.telemetry"
_Field = descriptor_pb2.FieldDescriptorProto
_BYTES, _FIXED, _INT = _Field.TYPE_BYTES, _Field.TYPE_FIXED64, _Field.TYPE_INT32
#: Message to its fields: name, number, type or message, and whether there are several.
_MESSAGES: dict[str, tuple[tuple[str, int, int | str, bool], ...]] = {
    "Resource": (("attributes", 1, _BYTES, True),),
    "Scope": (("name", 1, _BYTES, False),),
    "Status": (("message", 2, _BYTES, False), ("code", 3, _INT, False)),
    "Span": (
        ("trace_id", 1, _BYTES, False),
        ("span_id", 2, _BYTES, False),
        ("parent_span_id", 4, _BYTES, False),
        ("name", 5, _BYTES, False),
        ("kind", 6, _INT, False),
        ("start", 7, _FIXED, False),
        ("end", 8, _FIXED, False),
        ("attributes", 9, _BYTES, True),
        ("events", 11, _BYTES, True),
        ("status", 15, "Status", False),
    ),
    "Event": (("attributes", 3, _BYTES, True),),
    "ScopeSpans": (("scope", 1, "Scope", False), ("spans", 2, "Span", True)),
    "ResourceSpans": (("resource", 1, "Resource", False), ("scopes", 2, "ScopeSpans", True)),
    "Traces": (("resources", 1, "ResourceSpans", True),),
    "Record": (
        ("time", 1, _FIXED, False),
        ("attributes", 6, _BYTES, True),
        ("trace_id", 9, _BYTES, False),
        ("span_id", 10, _BYTES, False),
        ("observed", 11, _FIXED, False),
        ("event_name", 12, _BYTES, False),
    ),
    "ScopeLogs": (("scope", 1, "Scope", False), ("records", 2, "Record", True)),
    "ResourceLogs": (("resource", 1, "Resource", False), ("scopes", 2, "ScopeLogs", True)),
    "Logs": (("resources", 1, "ResourceLogs", True),),
    "Points": (("points", 1, _BYTES, True),),
    "Metric": tuple((f"data_{number}", number, "Points", False) for number in (5, 7, 9, 10, 11)),
    "ScopeMetrics": (("metrics", 2, "Metric", True),),
    "ResourceMetrics": (("scopes", 2, "ScopeMetrics", True),),
    "Metrics": (("resources", 1, "ResourceMetrics", True),),
    "Success": (("rejected", 1, _Field.TYPE_INT64, False), ("message", 2, _Field.TYPE_STRING, False)),
    "Response": (("partial_success", 1, "Success", False),),
}
_FAILED = 2
_TRACE_BYTES, _SPAN_BYTES = 16, 8
_NO_TRACE, _NO_SPAN = bytes(_TRACE_BYTES), bytes(_SPAN_BYTES)


@cache
def message(name: str) -> Any:  # noqa: ANN401 - its classes are made when it runs
    """Return the class of a message by name."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{_PACKAGE}.{name}"))


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="outlay/telemetry.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        made = file.message_type.add(name=name)
        for field, number, kind, several in fields:
            added = made.field.add(name=field, number=number)
            added.label = _Field.LABEL_REPEATED if several else _Field.LABEL_OPTIONAL
            if isinstance(kind, str):
                added.type, added.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                added.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _parsed(name: str, body: bytes) -> Any:  # noqa: ANN401 - as above
    try:
        return message(name).FromString(body)
    except DecodeError as error:
        raise BadInput(
            f"the body is no OTLP {name.lower()} in protobuf",
            fix="send what the OTLP/HTTP exporter sends",
            code="bad-otlp",
        ) from error


def spans(body: bytes, rejected: list[Rejected]) -> Iterator[Span]:
    """Yield the spans of a request of traces, in its order.

    Args:
        body: The request.
        rejected: Gets the place of each span that cannot be read, and why.

    Raises:
        BadInput: It is no such request.
    """
    return walked(_groups(_parsed("Traces", body), "spans"), _span, rejected)


def records(body: bytes, rejected: list[Rejected]) -> Iterator[Span]:
    """Yield the records of a request of logs, each as the span it tells of, named by its event.

    Args:
        body: The request.
        rejected: Gets the place of each record that cannot be read, and why.

    Raises:
        BadInput: It is no such request.
    """
    return walked(_groups(_parsed("Logs", body), "records"), _record, rejected)


def _groups(request: Any, items: str) -> Iterator[Group[Any]]:  # noqa: ANN401 - as above
    for resource in request.resources:
        try:
            service, flaw = sorted_out(resource.resource.attributes), None
        except Flawed as flawed:
            service, flaw = Parts({}, {}, {}), flawed.flaw
        for group in resource.scopes:
            yield Group(service, flaw, group.scope.name.decode("utf-8", "replace"), getattr(group, items))


def _span(index: int, found: Any, group: Group[Any]) -> Span:  # noqa: ANN401 - as above
    trace, ident = found.trace_id, found.span_id
    if len(trace) != _TRACE_BYTES or trace == _NO_TRACE:
        raise Flawed("bad-trace-id", "trace_id", trace.hex() or None, "send 16 bytes that are not all zero")
    if len(ident) != _SPAN_BYTES or ident == _NO_SPAN:
        raise Flawed("bad-span-id", "span_id", ident.hex() or None, "send 8 bytes that are not all zero")
    # Taken as a list at once: going through the library's own kind of list costs a call for each.
    whole, said = _said(found.attributes[:], group.scope)
    failed, told = False, ""
    if found.HasField("status") and found.status.code == _FAILED:
        failed, told = True, found.status.message.decode("utf-8", "replace")
        if "error" not in said.facts:
            _read_exceptions(said, found.events)
    return Span(
        index,
        trace.hex(),
        ident.hex(),
        found.parent_span_id.hex(),
        found.name,
        found.kind,
        found.start,
        found.end,
        failed,
        told,
        group.scope,
        group.service,
        said,
        whole,
    )


def _said(encoded: Iterable[bytes], scope: str) -> tuple[dict[str, object] | None, Parts]:
    """Return the whole event that our own SDK put there, or what attributes of anybody else say."""
    if scope == SCOPE and (whole := from_attributes(as_they_stand(encoded))):
        return whole, Parts({}, {}, {})
    return None, sorted_out(encoded)


def _read_exceptions(said: Parts, events: Iterable[bytes]) -> None:
    """Let the exceptions that a span recorded name the error; what they quote is left alone."""
    for raw in events:
        try:
            told = sorted_out(message("Event").FromString(raw).attributes).facts.get("exception")
        except (DecodeError, Flawed):
            continue
        if told is not None:
            said.facts["error"] = told


def _record(index: int, found: Any, group: Group[Any]) -> Span:  # noqa: ANN401 - as above
    whole, said = _said(found.attributes, group.scope)
    return Span(
        index,
        trace=found.trace_id.hex(),
        id=found.span_id.hex(),
        name=found.event_name,
        start=found.time or found.observed,
        scope=group.scope,
        service=group.service,
        parts=said,
        whole=whole,
    )


def points(body: bytes) -> int:
    """Return how many data points a request of metrics holds.

    Raises:
        BadInput: It is no such request.
    """
    return sum(
        len(getattr(metric, f"data_{number}").points)
        for resource in _parsed("Metrics", body).resources
        for scope in resource.scopes
        for metric in scope.metrics
        for number in (5, 7, 9, 10, 11)
    )
