"""Bodies in protobuf: OTLP's messages, with attributes left as the bytes they are.

The descriptors are a subset of OTLP's with the same field numbers, so any OTLP message can be read with them. Texts are
declared as bytes: a text that is not UTF-8 then costs its own span only, and attributes are decoded one by one, those
that matter and no others.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from outlay.capture.telemetry.attributes import attributes
from outlay.capture.telemetry.span import Parts, Span
from outlay.errors import BadInput
from outlay.wire.flaw import Flaw, Flawed

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
Rejected = tuple[int, Flaw]


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
    request = _parsed("Traces", body)
    index = -1
    for resource in request.resources:
        service, flaw = _read_resource(resource.resource.attributes)
        for group in resource.scopes:
            scope = group.scope.name.decode("utf-8", "replace")
            for found in group.spans:
                index += 1
                try:
                    span = _span(index, found, scope, service)
                except Flawed as flawed:
                    rejected.append((index, flawed.flaw))
                    continue
                if flaw:
                    rejected.append((index, flaw))
                else:
                    yield span


def _span(index: int, found: Any, scope: str, service: Parts) -> Span:  # noqa: ANN401 - as above
    trace, ident = found.trace_id, found.span_id
    if len(trace) != _TRACE_BYTES or not any(trace):
        raise Flawed("bad-trace-id", "trace_id", trace.hex() or None, "send 16 bytes that are not all zero")
    if len(ident) != _SPAN_BYTES or not any(ident):
        raise Flawed("bad-span-id", "span_id", ident.hex() or None, "send 8 bytes that are not all zero")
    said = read_attributes(found.attributes)
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
        scope,
        service,
        said,
    )


def _read_exceptions(said: Parts, events: Any) -> None:  # noqa: ANN401 - the library's own kind of list
    """Let the exceptions that a span recorded name the error; what they quote is left alone."""
    for raw in events:
        try:
            told = read_attributes(message("Event").FromString(raw).attributes).facts.get("exception")
        except (DecodeError, Flawed):
            continue
        if told is not None:
            said.facts["error"] = told


def records(body: bytes, rejected: list[Rejected]) -> Iterator[tuple[str, Span]]:
    """Yield the records of a request of logs that belong to a span or state a time, each with its event's name.

    Args:
        body: The request.
        rejected: Gets the place of each record that cannot be read, and why.

    Raises:
        BadInput: It is no such request.
    """
    request = _parsed("Logs", body)
    index = -1
    for resource in request.resources:
        service, flaw = _read_resource(resource.resource.attributes)
        for group in resource.scopes:
            scope = group.scope.name.decode("utf-8", "replace")
            for found in group.records:
                index += 1
                name = found.event_name.decode("utf-8", "replace")
                when = found.time or found.observed
                try:
                    said = read_attributes(found.attributes)
                except Flawed as flawed:
                    rejected.append((index, flawed.flaw))
                    continue
                if flaw:
                    rejected.append((index, flaw))
                    continue
                trace, ident = found.trace_id.hex(), found.span_id.hex()
                yield name, Span(index, trace, ident, "", b"", 0, when, 0, False, "", scope, service, said)  # noqa: FBT003 - by place, as all of them


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


def read_attributes(encoded: Any) -> Parts:  # noqa: ANN401 - the library's own kind of list
    """Sort encoded attributes into parts.

    Raises:
        Flawed: One that matters is malformed, or says something that no event may hold.
    """
    known = attributes()
    return known.sorted_out(encoded, known.remembered, known.decoded)


def _read_resource(encoded: Any) -> tuple[Parts, Flaw | None]:  # noqa: ANN401 - as above
    try:
        return read_attributes(encoded), None
    except Flawed as flawed:
        return Parts({}, {}, {}), flawed.flaw
