"""How fast OTLP bodies become usage events, on one core, beside a plain walk with OpenTelemetry's own classes.

The spans are realistic: 20 attributes each, answer ids and sessions that never repeat, token counts that seldom do,
features, customers and users from lists. Every body is read once, so nothing is remembered that would not be in life.
The plain walk does less: it puts fifteen attributes into a dictionary and makes no event.
"""

import gc
import gzip
import json
import time
from collections.abc import Callable, Iterable
from random import Random

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from outlay.capture.telemetry import read

BODIES = 40
SPANS = 1_000
_START = 1_790_000_000_000_000_000
_WANTED = {
    *("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.model"),
    *("gen_ai.response.id", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"),
    *("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.reasoning.output_tokens", "openai.response.service_tier"),
    *("app.feature", "app.customer", "enduser.id", "session.id", "app.team"),
}
_Bodies = list[bytes]


def main() -> None:
    """Print spans a second, best of three."""
    chance = Random(1)  # noqa: S311 - the same spans in every run, nothing secret
    made = [_request(chance) for _ in range(BODIES)]
    bodies = [request.SerializeToString() for request in made]
    written = [_as_json(request) for request in made]
    packed = [gzip.compress(body, 1) for body in bodies]
    print(f"{BODIES} bodies of {SPANS:,} spans; {len(bodies[0]):,} bytes in protobuf, {len(written[0]):,} in JSON")
    _show("events from protobuf", bodies, lambda body: len(read("traces", body, "protobuf").events))
    _show("  and gunzip", packed, lambda body: len(read("traces", gzip.decompress(body), "protobuf").events))
    _show("events from JSON", written, lambda body: len(read("traces", body, "json").events))
    _show("plain walk with opentelemetry-proto", bodies, _walked)


def _show(what: str, bodies: _Bodies, take: Callable[[bytes], int]) -> None:
    best = 0.0
    for _ in range(3):
        gc.collect()
        began = time.perf_counter()
        seen = sum(map(take, bodies))
        best = max(best, seen / (time.perf_counter() - began))
    print(f"{what:38} {best:>10,.0f} spans/s")


def _walked(body: bytes) -> int:
    """Walk a body as one would who has no better idea, and return how many spans there were."""
    found = []
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = {pair.key: _plain(pair.value) for pair in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                said = {pair.key: _plain(pair.value) for pair in span.attributes if pair.key in _WANTED}
                found.append((span.trace_id, span.span_id, span.start_time_unix_nano, service, said))
    return len(found)


def _plain(value: AnyValue) -> object:
    which = value.WhichOneof("value")
    return getattr(value, which) if which else None


def _request(chance: Random) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.extend(
        _pairs(
            {"service.name": "ai-service", "service.version": "2026.10.1", "deployment.environment.name": "production"}
        )
    )
    scope = resource.scope_spans.add()
    scope.scope.name = "opentelemetry.instrumentation.genai.openai"
    for _ in range(SPANS):
        asked, answered = chance.randrange(200, 20_000), chance.randrange(20, 2_000)
        span = scope.spans.add()
        span.trace_id, span.span_id = chance.randbytes(16), chance.randbytes(8)
        span.name, span.kind = "chat gpt-4o", 3
        span.start_time_unix_nano = _START + chance.randrange(3600 * 10**9)
        span.end_time_unix_nano = span.start_time_unix_nano + chance.randrange(10**10)
        span.attributes.extend(
            _pairs(
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "openai",
                    "gen_ai.request.model": "gpt-4o",
                    "gen_ai.request.temperature": 0.2,
                    "gen_ai.request.max_tokens": 4096,
                    "server.address": "api.openai.com",
                    "server.port": 443,
                    "gen_ai.response.model": "gpt-4o-2024-08-06",
                    "gen_ai.response.id": f"chatcmpl-{chance.getrandbits(160):040x}",
                    "gen_ai.response.finish_reasons": ["stop"],
                    "gen_ai.usage.input_tokens": asked,
                    "gen_ai.usage.output_tokens": answered,
                    "gen_ai.usage.cache_read.input_tokens": asked // 2,
                    "gen_ai.usage.reasoning.output_tokens": answered // 3,
                    "openai.response.service_tier": "default",
                    "app.feature": f"area.action_{chance.randrange(40)}",
                    "app.customer": f"customer-{chance.randrange(500)}",
                    "app.team": f"team-{chance.randrange(12)}",
                    "enduser.id": f"u-{chance.randrange(20_000)}",
                    "session.id": f"{chance.getrandbits(64):016x}",
                }
            )
        )
    return request


def _pairs(said: dict[str, object]) -> Iterable[KeyValue]:
    for key, value in said.items():
        if isinstance(value, int):
            yield KeyValue(key=key, value=AnyValue(int_value=value))
        elif isinstance(value, float):
            yield KeyValue(key=key, value=AnyValue(double_value=value))
        elif isinstance(value, list):
            pair = KeyValue(key=key)
            pair.value.array_value.values.extend(AnyValue(string_value=item) for item in value)
            yield pair
        else:
            yield KeyValue(key=key, value=AnyValue(string_value=str(value)))


def _as_json(request: ExportTraceServiceRequest) -> bytes:
    """Return a request as OTLP's JSON: ids in hexadecimal digits, 64-bit numbers as text."""

    def pairs(found: Iterable[KeyValue]) -> list[dict[str, object]]:
        return [{"key": pair.key, "value": one(pair.value)} for pair in found]

    def one(value: AnyValue) -> dict[str, object]:
        if value.HasField("array_value"):
            return {"arrayValue": {"values": [one(item) for item in value.array_value.values]}}
        if value.HasField("int_value"):
            return {"intValue": str(value.int_value)}
        return (
            {"doubleValue": value.double_value}
            if value.HasField("double_value")
            else {"stringValue": value.string_value}
        )

    (resource,) = request.resource_spans
    (scope,) = resource.scope_spans
    spans = [
        {
            "traceId": span.trace_id.hex(),
            "spanId": span.span_id.hex(),
            "name": span.name,
            "kind": span.kind,
            "startTimeUnixNano": str(span.start_time_unix_nano),
            "endTimeUnixNano": str(span.end_time_unix_nano),
            "attributes": pairs(span.attributes),
        }
        for span in scope.spans
    ]
    scopes = [{"scope": {"name": scope.scope.name}, "spans": spans}]
    found = {"resourceSpans": [{"resource": {"attributes": pairs(resource.resource.attributes)}, "scopeSpans": scopes}]}
    return json.dumps(found).encode()


if __name__ == "__main__":
    main()
