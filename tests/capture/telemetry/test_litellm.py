import json
from typing import Any

import pytest

from outlay.capture.telemetry import answer, read
from outlay.errors import BadInput
from tests.capture.telemetry.making import CHAT, one_event

PAYLOAD: dict[str, Any] = {
    "id": "chatcmpl-1",
    "litellm_call_id": "c-1",
    "trace_id": "t-1",
    "call_type": "acompletion",
    "status": "success",
    "custom_llm_provider": "openai",
    "startTime": 1791028800.5,
    "endTime": 1791028801.25,
    "model": "gpt-4o",
    "response": {"model": "gpt-4o-2024-08-06", "choices": [{"message": {"content": "Dear doctor"}}]},
    "messages": [{"role": "user", "content": "Dear doctor"}],
    "response_cost": 1e-7,
    "prompt_tokens": 12,
    "completion_tokens": 3,
    "metadata": {},
}


def one(**own: object) -> dict[str, Any]:
    """Return the event of one payload."""
    (event,) = read("litellm", json.dumps([{**PAYLOAD, **own}]).encode(), "json").events
    return event


def test_a_payload_is_an_event() -> None:
    """Every field; costs keep their digits, and of question and answer nothing is kept."""
    event = one(request_tags=["customer:acme", "beta"], end_user="u-17")
    assert event == {
        "id": "litellm/c-1/1791028800500000",
        "time": "2026-10-03T12:00:00.500000Z",
        "provider": "openai",
        "model": "gpt-4o-2024-08-06",
        "operation": "chat",
        "usage": {"input": 12, "output": 3},
        "sensor": "litellm-callback",
        "duration_ms": 750,
        "call": "t-1",
        "response_id": "chatcmpl-1",
        "reported_cost": "0.0000001",
        "customer": "acme",
        "user": "u-17",
        "tags": {"asked_model": "gpt-4o"},
    }


@pytest.mark.parametrize("separator", ["array", "lines", "single"])
def test_it_is_read_in_each_form_that_litellm_posts(separator: str) -> None:
    """An array, one a line, or a single object."""
    written = json.dumps(PAYLOAD)
    body = {"array": f"[{written}]", "lines": f"{written}\n{written}\n", "single": written}[separator]
    assert read("litellm", body.encode(), "json").seen == (2 if separator == "lines" else 1)


def test_what_comes_from_its_own_cache_was_not_sent() -> None:
    """Nobody else was asked, so nobody is paid."""
    event = one(cache_hit=True)
    assert (event["state"], event["usage"], event.get("reported_cost")) == ("not_sent", {}, None)


def test_what_failed_says_how() -> None:
    """Turned away, or lost on the way."""
    nothing = {"prompt_tokens": 0, "completion_tokens": 0, "status": "failure", "response": None}
    refused = one(**nothing, error_information={"error_code": "429", "error_class": "RateLimitError"})
    assert (refused["state"], refused["error"], "reported_cost" in refused) == ("refused", "RateLimitError", False)
    lost = one(**nothing, error_information={"error_code": "", "error_class": "Timeout"})
    assert (lost["state"], lost["error"]) == ("unknown", "Timeout")


def test_tries_of_one_call_are_events_of_their_own() -> None:
    """They share LiteLLM's ids and differ in when they began."""
    assert one()["id"] != one(startTime=1791028799.5)["id"]
    assert one()["id"] == one()["id"]


def test_a_proxy_does_not_rename_what_is_priced() -> None:
    """It answers under the name by which a model was asked for; the model itself is what counts."""
    renamed = one(model="claude-sonnet-4-5", model_group="claude", response={"model": "claude"})
    assert renamed["model"] == "claude-sonnet-4-5"
    said = {"gen_ai.request.model": "claude", "gen_ai.response.model": "claude"}
    event = one_event({**CHAT, **said, "litellm.provider.model": "anthropic/claude-sonnet-4-5"}, scope="litellm")
    assert (event["model"], event["tags"]) == ("claude-sonnet-4-5", {"asked_model": "claude"})


def test_a_payload_that_cannot_be_read_is_named_by_its_place() -> None:
    """The others are kept, and the answer says which."""
    wrong: list[Any] = [PAYLOAD, 7, {**PAYLOAD, "startTime": "soon"}, {**PAYLOAD, "prompt_tokens": -1}, {}]
    found = read("litellm", json.dumps(wrong).encode(), "json")
    assert (len(found.events), found.seen) == (1, 5)
    assert [(index, code) for index, _, code, _ in found.rejected] == [
        (1, "bad-payload"),
        (2, "bad-payload"),
        (3, "bad-quantity"),
        (4, "missing-id"),
    ]
    assert [problem["index"] for problem in json.loads(answer("litellm", "json", found.rejected))["problems"]] == [
        1,
        2,
        3,
        4,
    ]


@pytest.mark.parametrize("body", [b"", b"[", b"\xff", b"nothing", b"[" * 100_000])
def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    """With a code of its own."""
    with pytest.raises(BadInput) as caught:
        read("litellm", body, "json")
    assert caught.value.code == "bad-litellm"
