"""What programs send: bodies, events, telemetry."""

import gzip
import json
from collections.abc import Iterable
from decimal import Decimal

import msgspec
import zstandard
from starlette.requests import Request
from starlette.types import Message

from outlay.capture import telemetry
from outlay.capture.quick import Quick
from outlay.capture.row import Made, Rows
from outlay.serve.collect.body import MOST_BYTES, Bodies
from outlay.terms.usage_event import UsageEvent
from outlay.wire import batch, dialects
from outlay.wire.event import Flaw, from_json
from outlay.wire.text import to_json
from tests import apart
from tests.fuzz.parser import CASES, Parser, among, answered

EVENT: dict[str, object] = {
    "id": "e-1",
    "time": "2026-10-03T12:00:00.123Z",
    "provider": "openai",
    "model": "gpt-5-mini",
    "usage": {"input": 200, "cache_read": 1000, "output": 172},
    "feature": "search.answer",
    "customer": "acme",
    "endpoint": "POST /ask?q=1",
    "prompt": "tagger@3",
    "error": "rate_limit",
    "attempt": 1,
    "state": "complete",
    "context": {"tier": "flex", "region": "eu"},
    "duration_ms": 812.5,
    "reported_cost": "0.00125",
    "currency": "USD",
    "tags": {"plan": "pro", "seats": 3},
    "shard": 7,
}
_SMALL = {"id": "e-2", "time": "2026-10-03", "usage": {"page": 2.5, "input": 1}}
_CLOUD = {"specversion": "1.0", "source": "/app", "id": "c-1", "type": "usage", "subject": "acme", "data": EVENT}
_JSON_KINDS = ("traces", "logs", "metrics", "litellm")
_ROWS = Rows("t-1", 1)


def _events() -> Iterable[bytes]:
    for one in (EVENT, _SMALL, _CLOUD):
        yield json.dumps(one).encode()
    yield json.dumps({**EVENT, "usage": {"input": 1}, "state": None, "reported_cost": 0.5}).encode()


def _batches() -> Iterable[bytes]:
    some = [EVENT, _SMALL, {"id": 'a]"}'}]
    yield json.dumps(some).encode()
    yield json.dumps(some, indent=1).encode()
    yield "\n".join(map(json.dumps, some)).encode()
    yield json.dumps(EVENT).encode()


def _bodies() -> Iterable[bytes]:
    whole = json.dumps([EVENT] * 3).encode()
    for first, packed in (
        (0, gzip.compress(whole)),
        (0, gzip.compress(whole) + gzip.compress(b"[]")),
        (1, zstandard.ZstdCompressor().compress(whole)),
        (2, whole),
        (3, whole),
    ):
        yield bytes([first]) + packed


def _telemetry(kind: str, media: str) -> Iterable[bytes]:
    suffix = "bin" if media == "protobuf" else "json"
    found = sorted(CASES.glob(f"telemetry/**/*.{kind}.{suffix}"), key=lambda path: (path.stat().st_size, path))
    yield from (path.read_bytes() for path in found[:12])
    if media == "json":
        yield {"traces": _SPANS, "logs": _LOGS, "metrics": _METRICS, "litellm": b"[]"}[kind]
    elif not found:
        yield bytes.fromhex("0a0612040a020a00")


_NAMED = [
    {"key": "gen_ai.provider.name", "value": {"stringValue": "openai"}},
    {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
    {"key": "gen_ai.response.model", "value": {"stringValue": "gpt-5-mini"}},
    {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}},
    {"key": "gen_ai.usage.output_tokens", "value": {"intValue": 5}},
    {"key": "gen_ai.response.finish_reasons", "value": {"arrayValue": {"values": [{"stringValue": "stop"}]}}},
    {"key": "outlay.feature", "value": {"stringValue": "search.answer"}},
    {"key": "cost", "value": {"doubleValue": 0.25}},
    {"key": "streamed", "value": {"boolValue": True}},
]
_IDS = {"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7"}
_RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "ai"}}]}
_SPAN = {
    **_IDS,
    "name": "chat",
    "startTimeUnixNano": "1790000000000000000",
    "endTimeUnixNano": "1790000001000000000",
    "attributes": _NAMED,
    "status": {"code": 2},
    "events": [{"name": "exception", "attributes": _NAMED[:1]}],
}
_SPANS = json.dumps(
    {"resourceSpans": [{"resource": _RESOURCE, "scopeSpans": [{"scope": {"name": "x"}, "spans": [_SPAN]}]}]}
).encode()
_RECORD = {
    **_IDS,
    "timeUnixNano": "1790000000000000000",
    "eventName": "gen_ai.client.inference.operation.details",
    "attributes": _NAMED,
}
_LOGS = json.dumps(
    {"resourceLogs": [{"resource": _RESOURCE, "scopeLogs": [{"scope": {}, "logRecords": [_RECORD]}]}]}
).encode()
_METRICS = json.dumps(
    {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "m", "sum": {"dataPoints": [{}, {}]}}]}]}]}
).encode()


def check_batch(body: bytes) -> None:
    """Elements and lines are pieces of the body; of valid JSON they are what a decoder says."""
    for line in batch.lines(body):
        assert line.strip()
        assert line in body
    elements = batch.elements(body)
    assert all(element in body for element in elements)
    try:
        listed = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (ValueError, RecursionError):
        return
    assert elements == [bytes(raw).strip() for raw in listed]


def check_event(body: bytes) -> None:
    """A decoded object is an event or a flaw; an event is the same event after it was written and read again."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return
    event = from_json(found)
    if isinstance(event, Flaw):
        assert event.code
        assert event.fix
    else:
        assert from_json(json.loads(to_json(event))) == event


def check_row(body: bytes) -> None:
    """The quick way and the careful way make the same rows; a row is a line of JSON that a decoder takes."""
    _made(body)


def _made(record: bytes | dict[str, object]) -> Made | Flaw:
    made = _ROWS.make(record, 7, {"team": "growth"})
    if isinstance(made, Flaw):
        return made
    assert made.time.tzinfo
    for line in made.rows.splitlines():
        row = msgspec.json.decode(line, type=dict[str, object])
        assert (row["id"], row["team"], row["line"]) == (made.id, "growth", 7)
    if Quick().read(record) is not None:
        decoded = msgspec.json.Decoder(float_hook=Decimal).decode(record) if isinstance(record, bytes) else record
        event = from_json(decoded)
        assert isinstance(event, UsageEvent), f"only the quick way takes it: {event}"
        assert _ROWS.make(json.loads(to_json(event)), 7, {"team": "growth"}) == made
    return made


def check_body(body: bytes) -> None:
    """A body is read, or refused; never more of it than there is room for."""
    encoding, sent = among(body, ("gzip", "zstd", "", "br"))
    plain = answered(lambda: apart.run(_unpacked(encoding, sent)))
    assert plain is None or len(plain) <= MOST_BYTES


async def _unpacked(encoding: str, sent: bytes) -> bytes:
    async def receive() -> Message:
        return {"type": "http.request", "body": sent, "more_body": False}

    scope = {"type": "http", "headers": [(b"content-encoding", encoding.encode())]}
    async with Bodies().of(Request(scope, receive)) as plain:
        return plain


def _check_telemetry(kind: str, media: str) -> Parser:
    def check(body: bytes) -> None:
        reading = answered(telemetry.read, kind, body, media)
        if reading is None:
            return
        assert len(reading.events) + len(reading.rejected) <= reading.seen
        for event in reading.events:
            _made(event)
        assert isinstance(telemetry.answer(kind, media, reading.rejected), bytes)

    return Parser(f"{kind}-{media}", check, lambda: _telemetry(kind, media), examples=100)


def check_dialects(body: bytes) -> None:
    """Whatever a provider answers, reading its usage does not fail, and counts nothing below 0."""
    provider, text = among(
        body, ("openai", "anthropic", "aws.bedrock", "gcp.gemini", "", "openrouter", "x.ai", "e\u0301")
    )
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return
    vector = dialects.read(provider, found)
    assert all(quantity >= 0 for quantity in vector.units.values())
    event = {"id": "d", "time": "2026-10-03", "usage": dict(vector.units)}
    assert isinstance(from_json(event), UsageEvent)


def _answers() -> Iterable[bytes]:
    chat = {
        "prompt_tokens": 12,
        "completion_tokens": 5,
        "total_tokens": 17,
        "prompt_tokens_details": {"cached_tokens": 8},
    }
    claude = {"input_tokens": 3, "cache_creation": {"ephemeral_5m_input_tokens": 4}, "output_tokens": 9}
    gemini = {
        "promptTokenCount": 4,
        "candidatesTokenCount": 2,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 4}],
    }
    for first, found in (
        (0, {"model": "gpt-5-mini", "service_tier": "flex", "usage": chat}),
        (0, [{"choices": []}, {"usage": chat}]),
        (1, {"model": "claude-sonnet-4-5", "usage": {**claude, "server_tool_use": {"web_search_requests": 1}}}),
        (2, {"usage": {"inputTokens": 3, "outputTokens": 4, "cacheReadInputTokens": 2}}),
        (3, {"usageMetadata": gemini, "modelVersion": "gemini-3-pro"}),
        (5, {"usage": {**chat, "cost": 0.0012, "cost_details": {"upstream_inference_cost": None}}}),
    ):
        yield bytes([first]) + json.dumps(found).encode()


PARSERS = (
    Parser("batch", check_batch, _batches, 300),
    Parser("event", check_event, _events, 400),
    Parser("row", check_row, _events, 400),
    Parser("body", check_body, _bodies),
    *(_check_telemetry(kind, "json") for kind in _JSON_KINDS),
    *(_check_telemetry(kind, "protobuf") for kind in _JSON_KINDS[:3]),
    Parser("dialects", check_dialects, _answers, 400),
)
