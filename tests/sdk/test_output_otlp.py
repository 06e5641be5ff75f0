"""Events as spans, read back with OpenTelemetry's own definitions."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

import outlay
from outlay.sdk.output.connection import Answer
from outlay.sdk.output.otlp import Otlp, request
from outlay.sdk.output.protobuf import fields, number, piece, varint
from outlay.sdk.output.verdict import Kind
from outlay.terms.usage_event import UsageEvent
from outlay.wire.text import to_json
from tests.sdk.fake_collector import collector, configured

AT = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def spans(*events: UsageEvent) -> list[Any]:
    """Return events as spans, each with its attributes and its resource as dictionaries."""
    decoded = ExportTraceServiceRequest.FromString(request(to_json(event).encode() for event in events))
    found = []
    for group in decoded.resource_spans:
        (scoped,) = group.scope_spans
        assert scoped.scope.name == "outlay"
        resource = {each.key: each.value.string_value for each in group.resource.attributes}
        for span in scoped.spans:
            values = {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}
            found.append((span, values, resource))
    return found


FULL = UsageEvent(
    id="e-1",
    time=AT,
    usage={
        "input": 200,
        "cache_read": 1000,
        "cache_write_5m": 400,
        "cache_write_1h": 56,
        "output": 172,
        "output_reasoning": 128,
    },
    provider="anthropic",
    model="claude-sonnet-4-5",
    operation="chat",
    feature="search.answer",
    customer="acme",
    team="growth",
    user="u-17",
    session="s-9",
    environment="production",
    service="ai-service",
    release="2026.10.1",
    trace=TRACE,
    span=SPAN,
    response_id="msg_1",
    duration_ms=812,
    reported_cost=Decimal("0.000012"),
    context={"tier": "flex"},
    tags={"plan": "pro"},
)


def test_a_call_is_a_span_of_the_conventions() -> None:
    """Names, counts, times, ids and the resource are where the GenAI conventions have them."""
    ((span, said, resource),) = spans(FULL)
    assert (span.name, span.kind, span.trace_id.hex(), span.parent_span_id.hex()) == (
        "chat claude-sonnet-4-5",
        span.SPAN_KIND_CLIENT,
        TRACE,
        SPAN,
    )
    assert len(span.span_id) == 8
    assert span.start_time_unix_nano == int(AT.timestamp()) * 10**9 + 123_456_000
    assert span.end_time_unix_nano - span.start_time_unix_nano == 812_000_000
    assert {name: value for name, value in said.items() if name.startswith(("gen_ai.", "anthropic."))} == {
        "gen_ai.provider.name": "anthropic",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.response.model": "claude-sonnet-4-5",
        "gen_ai.response.id": "msg_1",
        "gen_ai.conversation.id": "s-9",
        "gen_ai.usage.input_tokens": 1656,
        "gen_ai.usage.output_tokens": 300,
        "gen_ai.usage.cache_read.input_tokens": 1000,
        "gen_ai.usage.cache_write.input_tokens": 456,
        "gen_ai.usage.reasoning.output_tokens": 128,
        "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 400,
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 56,
    }
    assert resource == {
        "service.name": "ai-service",
        "service.version": "2026.10.1",
        "deployment.environment.name": "production",
    }


def test_a_span_carries_all_of_the_event() -> None:
    """Under `outlay.` stand the disjoint units, the attribution, the context and the tags, as the event has them."""
    ((_, said, _),) = spans(FULL)
    own = {name.removeprefix("outlay."): value for name, value in said.items() if name.startswith("outlay.")}
    assert {name.removeprefix("usage."): value for name, value in own.items() if "usage." in name} == FULL.usage
    expected = {"event": "e-1", "feature": "search.answer", "customer": "acme", "team": "growth", "user": "u-17"}
    expected |= {"reported_cost": "0.000012", "context.tier": "flex", "tag.plan": "pro", "state": "complete"}
    assert expected.items() <= own.items()
    assert (said["user.id"], said["session.id"]) == ("u-17", "s-9")


def test_what_is_no_inference_has_no_names_of_inference() -> None:
    """Pages and reads are spans, too, under our names only; quantities that are not whole are texts."""
    ((span, said, resource),) = spans(UsageEvent("p", AT, {"page": Decimal("1.5")}, provider="aws", model="textract"))
    assert not [name for name in said if name.startswith("gen_ai.")]
    assert (said["outlay.usage.page"], said["outlay.provider"], span.name) == ("1.5", "aws", "textract")
    assert resource == {"service.name": "unknown_service"}
    assert len(span.trace_id) == 16
    assert span.parent_span_id == b""


def test_calls_of_one_request_are_spans_of_their_own_and_stay_the_same() -> None:
    """Two events below one span have different ids, made from the events' own: sent again they are the same."""
    two = [UsageEvent(ident, AT, {"input": 1}, trace=TRACE, span=SPAN) for ident in ("a", "b")]
    first, again = spans(*two), spans(*two)
    assert [each[0].span_id for each in first] == [each[0].span_id for each in again]
    assert first[0][0].span_id != first[1][0].span_id
    assert {each[0].parent_span_id.hex() for each in first} == {SPAN}


@pytest.mark.parametrize(("state", "code"), [("complete", 0), ("partial", 0), ("refused", 2), ("unknown", 2)])
def test_a_call_that_failed_is_an_error(state: str, code: int) -> None:
    """The status of the span says whether the call ended well; its error has a type."""
    event = UsageEvent("a", AT, {}, operation="chat", state=state, error=None if not code else "RateLimitError")
    ((span, said, _),) = spans(event)
    assert (span.status.code, said.get("error.type")) == (code, "RateLimitError" if code else None)


@given(
    st.dictionaries(st.sampled_from(["input", "output", "page", "gpu_second"]), st.integers(0, 10**12)),
    st.text(max_size=50),
    st.text(max_size=40),
)
def test_any_event_can_be_read_back(usage: dict[str, int], feature: str, trace: str) -> None:
    """Whatever texts and numbers an event holds, the request is well formed and holds them."""
    ((span, said, _),) = spans(UsageEvent("é", AT, usage, feature=feature or None, trace=trace or None))
    assert said.get("outlay.feature", "") == feature
    assert {name: said[f"outlay.usage.{name}"] for name in usage} == usage
    assert (len(span.trace_id), len(span.span_id)) == (16, 8)


@given(st.binary(max_size=60))
def test_no_answer_breaks_the_reader(body: bytes) -> None:
    """Any bytes are a list of fields or a ValueError, and any answer is understood as something."""
    with suppress(ValueError):
        list(fields(body))
    assert Otlp("http://x", {}).verdict(Answer(200, {}, body), 3).lost <= 3


def test_numbers_and_pieces_are_read_back() -> None:
    """Small, large and negative numbers survive; a message may hold others."""
    assert [value for _, value in fields(b"".join(number(1, n) for n in (0, 127, 128, 2**63)))] == [0, 127, 128, 2**63]
    assert dict(fields(piece(2, piece(3, "x")) + number(1, 1))) == {1: 1, 2: piece(3, "x")}
    assert varint(-1) == b"\xff" * 9 + b"\x01"


def test_spans_that_a_receiver_rejects_are_counted() -> None:
    """A partial success says how many, and why; the rest has arrived."""
    partial = ExportTracePartialSuccess(rejected_spans=2, error_message="too old")
    body = ExportTraceServiceResponse(partial_success=partial).SerializeToString()

    def rejecting(_: object) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Content-Type": "application/x-protobuf"}, body

    with collector(rejecting) as (fake, url), configured(otlp=url) as lost:
        for _ in range(5):
            outlay.record(usage={"input": 1})
        assert outlay.flush(20)
        assert lost() == {"refused": 2}
        assert len(ExportTraceServiceRequest.FromString(fake.raw[0]).resource_spans[0].scope_spans[0].spans) == 5


def test_where_to_send_is_the_usual_path_unless_one_is_given() -> None:
    """`/v1/traces` is added to an address alone; a web page is no acknowledgement."""
    assert Otlp("http://h:4318", {}).url == Otlp("http://h:4318/", {}).url == "http://h:4318/v1/traces"
    assert Otlp("https://h/otlp/v1/traces", {"a": "b"}).url == "https://h/otlp/v1/traces"
    page = Answer(200, {"content-type": "text/html"}, b"<html>")
    assert Otlp("http://h", {}).verdict(page, 1).kind is Kind.AWAY
    assert json.loads(to_json(FULL))["id"] == "e-1"
