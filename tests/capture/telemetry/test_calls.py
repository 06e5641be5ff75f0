from typing import Any

import pytest

from outlay.capture.telemetry import read
from tests.capture.telemetry.making import BEGAN, CHAT, as_json, one_event, read_spans, records, request, span

COUNTED = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10}


def test_a_span_of_a_call_is_an_event() -> None:
    """Every field, with an id that comes from the span's own."""
    assert one_event(CHAT, parent=7) == {
        "id": f"otlp/{1:032x}/{1:016x}",
        "time": "2026-10-03T12:00:00.123456Z",
        "provider": "openai",
        "model": "gpt-4o-2024-08-06",
        "operation": "chat",
        "usage": {"input": 200, "cache_read": 1000, "output": 172, "output_reasoning": 128},
        "trace": f"{1:032x}",
        "span": f"{1:016x}",
        "parent": f"{7:016x}",
        "sensor": "otel-genai",
        "response_id": "chatcmpl-1",
        "duration_ms": 812,
        "service": "ai-service",
        "release": "2026.10.1",
        "environment": "production",
        "tags": {"asked_model": "gpt-4o"},
    }


@pytest.mark.parametrize(
    "operation", ["invoke_agent", "create_agent", "execute_tool", "invoke_workflow", "agent_step", "step", "retrieval"]
)
def test_what_holds_calls_is_none(operation: str) -> None:
    """Agents, steps, tools and workflows state sums; only requests to a model cost."""
    found = read_spans(span(1, {**CHAT, "gen_ai.operation.name": operation}))
    assert (found.events, found.seen, found.rejected) == ([], 1, [])


def test_spans_of_other_things_are_no_calls() -> None:
    """Requests, queries and spans without attributes are seen and passed over."""
    found = read_spans(
        span(
            1,
            {"http.request.method": "GET", "http.response.status_code": 200},
            scope="opentelemetry.instrumentation.httpx",
        ),
        span(2, {"db.system": "postgresql"}, scope="db"),
        span(3, {}, scope="app"),
        span(4, {"gen_ai.aggregated_usage.input_tokens": 5}, scope="pydantic-ai"),
    )
    assert (found.events, found.seen, found.rejected) == ([], 4, [])


@pytest.mark.parametrize(
    ("said", "state", "error"),
    [
        ({"error.type": "openai.RateLimitError"}, "refused", "RateLimitError"),
        ({"error.type": "429"}, "refused", "http_429"),
        ({"error.type": "TimeoutError"}, "unknown", "TimeoutError"),
        ({"error.type": "x", "http.response.status_code": 504}, "unknown", "x"),
        ({"error.type": "x", "http.response.status_code": 529}, "refused", "x"),
        ({"error.type": "InternalServerError"}, "unknown", "InternalServerError"),
        ({"error.type": "APIConnectionError"}, "unknown", "APIConnectionError"),
        ({"error.type": "Cut", **COUNTED}, "partial", "Cut"),
        ({}, "unknown", None),
        (COUNTED, None, None),
    ],
)
def test_how_a_call_ended(said: dict[str, Any], state: str | None, error: str | None) -> None:
    """Turned away costs nothing, lost is unknown, cut off costs what was counted; what nobody counted is said to be."""
    named = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
    event = one_event({**named, **said})
    assert (event.get("state"), event.get("error")) == (state, error)
    assert ("metering" in event.get("tags", {})) == (not said)


@pytest.mark.parametrize(
    ("said", "usage", "flaw"),
    [
        ({"input_tokens": 1656, "cache_read.input_tokens": 1000, "cache_write.input_tokens": 456},
         {"input": 200, "cache_read": 1000, "cache_write": 456}, None),
        ({"input_tokens": 1656, "cache_read.input_tokens": 1000, "cache_creation.input_tokens": 456},
         {"input": 200, "cache_read": 1000, "cache_write": 456}, None),
        ({"input_tokens": 200, "cache_read.input_tokens": 1000}, {"input": 200, "cache_read": 1000}, "exclusive-input"),
        ({"input_tokens": 2000, "output_tokens": 10, "cache_read.input_tokens": 1000, "total_tokens": 3010},
         {"input": 2000, "cache_read": 1000, "output": 10}, "exclusive-input"),
        ({"output_tokens": 100, "reasoning.output_tokens": 500},
         {"output": 100, "output_reasoning": 500}, "exclusive-output"),
        ({"input_tokens": 50, "audio.input_tokens": 30, "output_tokens": 9, "image.output_tokens": 4},
         {"input": 20, "input_audio": 30, "output": 5, "output_image": 4}, None),
        ({"input_tokens": 100.0, "output_tokens": "7"}, {"input": 100, "output": 7}, None),
        ({"prompt_tokens": 9, "completion_tokens": 2}, {"input": 9, "output": 2}, None),
        ({"input_tokens": float("nan"), "output_tokens": 4}, {"output": 4}, None),
    ],
)  # fmt: skip
def test_tokens_stand_in_one_unit_each(said: dict[str, Any], usage: dict[str, int], flaw: str | None) -> None:
    """Parts are taken out of totals; what does not fit counts all the same, and a tag says so."""
    named = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.response.model": "m"}
    event = one_event({**named, **{f"gen_ai.usage.{name}": value for name, value in said.items()}})
    assert event["usage"] == usage
    assert event.get("tags", {}).get("flaws") == flaw


@pytest.mark.parametrize("flag", ["default", "Standard", "auto", "", "not_available"])
def test_an_ordinary_tier_is_not_said(flag: str) -> None:
    """Only what may change a price is in the context."""
    assert "context" not in one_event({**CHAT, "openai.response.service_tier": flag})


def test_a_tier_that_costs_otherwise_is_said() -> None:
    """Flex is a tier, batch a way of processing."""
    assert one_event({**CHAT, "openai.response.service_tier": "flex"})["context"] == {"tier": "flex"}
    assert one_event({**CHAT, "anthropic.response.service_tier": "batch"})["context"] == {"processing": "batch"}


@pytest.mark.parametrize(
    ("said", "provider"),
    [
        ({"gen_ai.provider.name": "azure.ai.openai"}, "azure"),
        ({"gen_ai.system": "az.ai.openai"}, "azure"),
        ({"gen_ai.system": "aws.bedrock"}, "aws"),
        ({"gen_ai.system": "x_ai"}, "x-ai"),
        ({"gen_ai.system": "groq.chat"}, "groq"),
        ({"gen_ai.system": "google.generative-ai"}, "google"),
        ({"gen_ai.system": "mistral_ai"}, "mistral"),
        ({"gen_ai.system": "vertex_ai"}, "google"),
        ({"gen_ai.system": "openai.responses"}, "openai"),
        ({"gen_ai.system": "somebody"}, "somebody"),
        ({}, "openai"),
    ],
)
def test_a_provider_has_one_name(said: dict[str, Any], provider: str) -> None:
    """Whatever emitters write becomes the price book's; who says none is told by the model, with a tag."""
    rest = {name: value for name, value in CHAT.items() if name != "gen_ai.provider.name"}
    event = one_event({**rest, **said})
    assert event["provider"] == provider
    assert ("provider_by" in event["tags"]) == (not said)


def test_a_span_that_holds_calls_of_the_same_emitter_is_their_sum() -> None:
    """Of nested spans of one emitter the inner ones count; where only the outer one counted, that one does."""
    inner = {**CHAT, "gen_ai.response.id": "chatcmpl-2"}
    found = read_spans(span(1, CHAT), span(2, inner, parent=1))
    assert [event["response_id"] for event in found.events] == ["chatcmpl-2"]
    bare = {name: value for name, value in CHAT.items() if "usage" not in name}
    assert [event["span"] for event in read_spans(span(1, CHAT), span(2, bare, parent=1)).events] == [f"{1:016x}"]


def test_two_instruments_that_saw_one_call_say_the_same_answer_id() -> None:
    """A span without one takes it from the span it holds, when both used the same; what one alone knew both say."""
    outer = {"openinference.span.kind": "LLM", "llm.system": "anthropic", "llm.model_name": "claude-sonnet-4-5",
             "llm.token_count.prompt": 100, "llm.token_count.completion": 10,
             "metadata": '{"server_tool_use": {"web_search_requests": 2}}'}  # fmt: skip
    inner = {**COUNTED, "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic",
             "gen_ai.response.model": "claude-sonnet-4-5-20250929", "gen_ai.response.id": "msg_1",
             "anthropic.response.service_tier": "priority"}  # fmt: skip
    found = read_spans(
        span(1, outer, scope="openinference.instrumentation.anthropic"),
        span(2, inner, scope="com.anthropic.sdk.python", parent=1),
    )
    assert [event["sensor"] for event in found.events] == ["openinference", "anthropic-sdk"]
    for event in found.events:
        assert event["response_id"] == "msg_1"
        assert event["usage"] == {"input": 100, "output": 10, "web_search": 2}
        assert event["context"] == {"tier": "priority"}


def test_an_outer_span_of_another_instrument_that_sums_up_is_no_call() -> None:
    """Two answers inside, and as many tokens outside as in both: the outer span is their sum."""
    outer = {"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o",
             "langfuse.observation.usage_details": '{"input": 200, "output": 20}'}  # fmt: skip
    one, two = ({**CHAT, **COUNTED, "gen_ai.response.id": name} for name in ("a", "b"))
    plain = [
        {name: value for name, value in own.items() if "details" not in name and "." in name} for own in (one, two)
    ]
    inner = [{k: v for k, v in own.items() if "cache" not in k and "reasoning" not in k} for own in plain]
    found = read_spans(
        span(1, outer, scope="langfuse-sdk"), *(span(n, own, parent=1) for n, own in enumerate(inner, 2))
    )
    assert [event["response_id"] for event in found.events] == ["a", "b"]


def test_a_record_of_a_call_is_another_account_of_it() -> None:
    """The event that instrumentations log names the same answer, by another sensor, under an id of its own."""
    body = records(CHAT)
    (event,) = read("logs", body, "protobuf").events
    assert (event["sensor"], event["response_id"], event["trace"]) == ("otel-log", "chatcmpl-1", f"{1:032x}")
    assert str(event["id"]).startswith("otlp-log/")
    assert read("logs", body, "protobuf").events == [event]


def test_other_records_are_no_calls() -> None:
    """Records of other names are seen and passed over."""
    found = read("logs", records(CHAT, CHAT, name="gen_ai.choice"), "protobuf")
    assert (found.events, found.seen) == ([], 2)


def test_spans_that_begin_before_they_end_have_no_length() -> None:
    """Clocks run back; the call is kept."""
    assert "duration_ms" not in one_event(CHAT, ended=BEGAN - 1)


def test_json_takes_numbers_as_numbers_and_as_text() -> None:
    """64-bit numbers come in either form, and ids in capitals."""
    body = as_json(request(span(1, CHAT)).SerializeToString())
    assert read("traces", body.replace(b'"1200"', b"1200"), "json") == read("traces", body, "json")
