"""Requests of OTLP, made for tests with OpenTelemetry's own classes."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from outlay.capture.telemetry import Reading, read

#: 2026-10-03 12:00:00.123456 UTC.
BEGAN = 1_791_028_800_123_456_000
SERVICE = {"service.name": "ai-service", "service.version": "2026.10.1", "deployment.environment.name": "production"}
CHAT: dict[str, object] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-2024-08-06",
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.usage.input_tokens": 1200,
    "gen_ai.usage.output_tokens": 300,
    "gen_ai.usage.cache_read.input_tokens": 1000,
    "gen_ai.usage.reasoning.output_tokens": 128,
}
GENAI = "opentelemetry.instrumentation.genai.openai"


def plain(value: object) -> AnyValue:
    """Return a value as OTLP has it."""
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case list():
            found = AnyValue()
            found.array_value.values.extend(plain(item) for item in value)
            return found
    return AnyValue(string_value=str(value))


def pairs(said: Mapping[str, object]) -> Iterable[KeyValue]:
    """Return attributes."""
    return [KeyValue(key=name, value=plain(value)) for name, value in said.items()]


def span(number: int = 1, said: Mapping[str, object] = CHAT, **own: object) -> dict[str, Any]:
    """Return what a span is made of: its number gives its ids, its attributes, and `scope`, `parent`, `kind`, ..."""
    return {"number": number, "said": said, **own}


def request(*spans: Mapping[str, Any], service: Mapping[str, object] = SERVICE) -> ExportTraceServiceRequest:
    """Return a request that holds spans, each in a scope of its own."""
    found = ExportTraceServiceRequest()
    resource = found.resource_spans.add()
    resource.resource.attributes.extend(pairs(service))
    for own in spans:
        scope = resource.scope_spans.add()
        scope.scope.name = own.get("scope", GENAI)
        made = scope.spans.add()
        made.trace_id = own.get("trace", 1).to_bytes(16, "big")
        made.span_id = own["number"].to_bytes(8, "big")
        made.parent_span_id = own["parent"].to_bytes(8, "big") if "parent" in own else b""
        made.name, made.kind = own.get("name", "chat gpt-4o"), own.get("kind", 3)
        made.start_time_unix_nano = own.get("began", BEGAN)
        made.end_time_unix_nano = own.get(
            "ended", made.start_time_unix_nano + 812_000_000 if own.get("began", 1) else 0
        )
        made.attributes.extend(pairs(own["said"]))
        if "status" in own:
            made.status.code, made.status.message = 2, own["status"]
    return found


def read_spans(*spans: Mapping[str, Any], service: Mapping[str, object] = SERVICE) -> Reading:
    """Read a request that holds spans."""
    return read("traces", request(*spans, service=service).SerializeToString(), "protobuf")


def one_event(said: Mapping[str, object], **own: object) -> dict[str, Any]:
    """Return the only event of a request that holds one span."""
    (event,) = read_spans(span(1, said, **own)).events
    return event


def records(*said: Mapping[str, object], name: str = "gen_ai.client.inference.operation.details") -> bytes:
    """Return a request of logs, in protobuf."""
    found = ExportLogsServiceRequest()
    resource = found.resource_logs.add()
    resource.resource.attributes.extend(pairs(SERVICE))
    scope = resource.scope_logs.add()
    scope.scope.name = GENAI
    for number, own in enumerate(said, start=1):
        record = scope.log_records.add()
        record.time_unix_nano = BEGAN + number
        record.event_name = name
        record.trace_id, record.span_id = (1).to_bytes(16, "big"), number.to_bytes(8, "big")
        record.attributes.extend(pairs(own))
    return bytes(found.SerializeToString())


def as_json(body: bytes, kind: type = ExportTraceServiceRequest) -> bytes:
    """Return a request in protobuf as OTLP's JSON has it: like protobuf's own, with ids in hexadecimal digits."""
    found = kind.FromString(body)  # type: ignore[attr-defined] # a message of protobuf
    written = json_format.MessageToDict(found, use_integers_for_enums=True)
    groups = [*written.get("resourceSpans", ()), *written.get("resourceLogs", ())]
    pools = [scope for group in groups for scope in (*group.get("scopeSpans", ()), *group.get("scopeLogs", ()))]
    for own in (one for pool in pools for one in (*pool.get("spans", ()), *pool.get("logRecords", ()))):
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in own:
                own[name] = json_format.base64.b64decode(own[name]).hex()
    return json.dumps(written).encode()
