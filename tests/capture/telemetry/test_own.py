"""Spans that our own SDK writes: whatever a collector between forwards, the event is the one that was recorded."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import outlay
from outlay.capture.intake import Intake
from outlay.capture.telemetry import read
from outlay.sdk.output.otlp import request
from outlay.serve.app import create_app
from outlay.store import Row, Store
from outlay.terms.currency import CURRENCIES
from outlay.terms.unit import TOKEN_UNITS
from outlay.terms.usage_event import STATES, UsageEvent
from outlay.wire.event import from_json
from outlay.wire.text import to_json
from outlay.wire.values import CONTEXT
from tests.capture.making import content, usage
from tests.capture.telemetry.making import BEGAN, CHAT, as_json, pairs, span
from tests.capture.telemetry.making import request as spans_of
from tests.laws.world import emptied
from tests.sdk.fake_collector import collector, configured

AT = datetime(2026, 10, 3, 12, 0, 0, 123456, tzinfo=UTC)
_FIELDS = (
    *("provider", "model", "operation", "feature", "customer", "team", "user", "session", "environment", "service"),
    *("endpoint", "prompt", "release", "trace", "span", "parent", "call", "response_id", "error", "sensor"),
)
#: Ids as W3C has them, and what else programs put there.
_IDS = st.one_of(
    st.sampled_from(["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "0" * 32]), st.text(max_size=40)
)
_TEXTS = st.one_of(st.sampled_from(['"quoted"', "unknown_service:python", "default", "a\nb"]), st.text(max_size=30))
_OTHERS = st.decimals(0, 10**6, places=9, allow_nan=False).map(lambda found: format(found, "f"))
_USAGE = st.one_of(
    st.dictionaries(st.sampled_from(TOKEN_UNITS), st.integers(0, 10**12), max_size=4),
    st.dictionaries(st.sampled_from(["page", "gpu_second", "read.unit", "a:b-c"]), _OTHERS, max_size=3),
)
_TIMES = st.integers(0, 98 * 365 * 86_400 * 10**6).map(
    lambda micros: AT.replace(year=2000) + timedelta(microseconds=micros)
)
_SAID = st.fixed_dictionaries(
    {"id": st.text(min_size=1, max_size=30), "time": _TIMES},
    optional={
        **{name: _IDS if name in ("trace", "span", "parent") else _TEXTS for name in _FIELDS},
        "usage": _USAGE,
        "state": st.sampled_from(STATES),
        "attempt": st.integers(1, 10**12),
        "duration_ms": st.integers(0, 10**12),
        "reported_cost": st.decimals(0, 10**6, places=12, allow_nan=False),
        "currency": st.sampled_from(sorted(CURRENCIES)),
        "context": st.dictionaries(st.sampled_from(CONTEXT), _TEXTS, max_size=3),
        "tags": st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4),
    },
)


def recorded(said: dict[str, Any]) -> UsageEvent | None:
    """Return the event that the SDK makes of fields; None when it makes none."""
    found = from_json({"usage": {}, **said})
    return found if isinstance(found, UsageEvent) else None


def direct(event: UsageEvent) -> UsageEvent:
    """Return an event as the collector gets it from the SDK."""
    found = from_json(json.loads(to_json(event), parse_float=Decimal))
    assert isinstance(found, UsageEvent)
    return found


def exported(*events: UsageEvent) -> bytes:
    """Return the request that the SDK sends to an OpenTelemetry collector."""
    return request(to_json(event).encode() for event in events)


@given(st.lists(_SAID, min_size=1, max_size=3))
def test_an_event_exported_as_a_span_is_the_event_sent_directly(said: list[dict[str, Any]]) -> None:
    """Units, decimals, tags, context, state, ids and times: nothing is lost or changed, in protobuf or in JSON."""
    events = [event for one in said if (event := recorded(one))]
    body = exported(*events)
    for media, sent in (("protobuf", body), ("json", as_json(body))):
        reading = read("traces", sent, media)
        assert (reading.rejected, reading.seen) == ([], len(events))
        found = [from_json(event) for event in reading.events]
        assert sorted(map(repr, found)) == sorted(repr(direct(event)) for event in events)


FULL = UsageEvent(
    id="e-1",
    time=AT,
    usage={"page": Decimal("1.5"), "gpu_second": Decimal("3.25")},
    provider="aws",
    model="textract",
    feature="search.answer",
    customer="acme",
    service="ai-service",
    trace="4bf92f3577b34da6a3ce929d0e0e4736",
    span="00f067aa0ba902b7",
    parent="00f067aa0ba902b8",
    attempt=2,
    state="partial",
    error="Timeout",
    context={"tier": "flex"},
    duration_ms=0,
    reported_cost=Decimal("0.000000000012"),
    tags={"plan": "pro", "empty": ""},
)


def test_what_stands_around_our_own_span_changes_nothing_in_it() -> None:
    """Spans of others around it, what the resource says and a second call of the same answer leave the event alone."""
    event = from_json({**json.loads(to_json(FULL)), "usage": {"input": 200}, "response_id": "chatcmpl-1"})
    assert isinstance(event, UsageEvent)
    together = ExportTraceServiceRequest.FromString(exported(event))
    own = together.resource_spans[0]
    own.resource.attributes.extend(pairs({"app.team": "platform", "app.plan": "free"}))
    others = spans_of(span(1, {**CHAT, "app.customer": "birch", "gen_ai.usage.input_tokens": 200}))
    outer = others.resource_spans[0].scope_spans[0].spans[0]
    own.scope_spans[0].spans[0].parent_span_id, own.scope_spans[0].spans[0].trace_id = outer.span_id, outer.trace_id
    together.resource_spans.extend(others.resource_spans)
    reading = read("traces", together.SerializeToString(), "protobuf")
    assert from_json(reading.events[0]) == direct(event)
    assert [found["sensor"] for found in reading.events[1:]] == ["otel-genai"]


def test_a_record_that_carries_an_event_is_that_event() -> None:
    """What a collector makes of our span, a record with the same scope and attributes, counts like the span."""
    sent = ExportTraceServiceRequest.FromString(exported(FULL)).resource_spans[0].scope_spans[0]
    logs = ExportLogsServiceRequest()
    scope = logs.resource_logs.add().scope_logs.add()
    scope.scope.name = sent.scope.name
    record = scope.log_records.add()
    record.time_unix_nano = sent.spans[0].start_time_unix_nano
    record.attributes.extend(sent.spans[0].attributes)
    for media, body in (
        ("protobuf", logs.SerializeToString()),
        ("json", as_json(logs.SerializeToString(), ExportLogsServiceRequest)),
    ):
        (found,) = read("logs", body, media).events
        assert from_json(found) == direct(FULL)


def test_a_tracer_that_is_only_called_like_ours_is_read_as_anybody() -> None:
    """Without an event's id there is no event in it."""
    (found,) = read("traces", spans_of(span(1, CHAT, scope="outlay")).SerializeToString(), "protobuf").events
    assert (found["sensor"], found["provider"]) == ("otel-genai", "openai")


@pytest.mark.parametrize(
    ("said", "code"),
    [({"outlay.usage.input": -1}, "bad-quantity"), ({"outlay.state": "done"}, "unknown-state")],
)
def test_what_is_wrong_in_our_own_span_is_told_by_its_place(
    duck: Store, tmp_path: Path, said: dict[str, object], code: str
) -> None:
    """An event that somebody between has spoilt is rejected like any other; the rest is kept."""
    emptied(duck)
    body = spans_of(span(1, {"outlay.event": "e-1", **said}, scope="outlay"), span(2, CHAT)).SerializeToString()
    intake = Intake(duck, tmp_path / "journal", clock=lambda: datetime.fromtimestamp(BEGAN // 10**9, UTC))
    sender = TestClient(create_app(duck, intake=intake), base_url="http://localhost")
    answer = sender.post("/v1/traces", content=as_json(body), headers={"content-type": "application/json"}).json()
    intake.close()
    assert answer["partialSuccess"]["rejectedSpans"] == "1"
    assert code in answer["partialSuccess"]["errorMessage"]
    assert len(usage(duck)) == 1


def test_the_real_sdk_through_otlp_lands_as_it_would_directly_and_counts_once(duck: Store, tmp_path: Path) -> None:
    """What the SDK sent to an OpenTelemetry collector and to ours is one event each, in whichever order it comes."""
    now = datetime.now(UTC)
    with collector() as (plain, url), collector() as (otlp, other), configured(collector=url, otlp=other):
        with outlay.context(feature="search.answer", customer="acme", plan="pro"):
            outlay.record(provider="openai", model="gpt-4o", usage={"input": 200, "output": 30}, duration_ms=812)
            outlay.record(provider="aws", model="textract", usage={"page": Decimal("1.5")}, session="s-9")
            outlay.record(provider="openai", model="gpt-4o", state="refused", error="RateLimitError", attempt=2)
        assert outlay.flush(20)
        events, spans = b"".join(plain.raw), b"".join(otlp.raw)
    landed: list[list[Row]] = []
    for order in ((events, spans), (spans, events)):
        emptied(duck)
        intake = Intake(duck, tmp_path / f"journal-{len(landed)}", clock=lambda: now + timedelta(seconds=1))
        sender = TestClient(create_app(duck, intake=intake), base_url="http://localhost")
        for place, body in enumerate(order):
            if body is events:
                answer = sender.post(
                    "/v1/events", content=body, headers={"content-type": "application/x-ndjson"}
                ).json()
                told = (answer["accepted"], answer["duplicates"], answer["conflicts"], answer["problems"])
                assert told == ((0, 3, [], []) if place else (3, 0, [], []))
            else:
                headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
                reply = sender.post("/v1/traces", content=gzip.compress(body), headers=headers)
                assert (reply.status_code, reply.content) == (200, b"")
        intake.close()
        landed.append([{name: value for name, value in row.items() if name != "time"} for row in content(duck)])
    assert landed[0] == landed[1]
    assert sorted(cast("str", row["state"]) for row in landed[0]) == ["complete", "complete", "refused"]
    assert {(row["feature"], row["customer"], json.dumps(row["tags"])) for row in landed[0]} == {
        ("search.answer", "acme", '{"plan": "pro"}')
    }
