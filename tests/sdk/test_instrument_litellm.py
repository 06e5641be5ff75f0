import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import outlay
from outlay.sdk.instrument.litellm import callback, event_of
from outlay.testing import recorded
from tests import apart

ROOT = Path(__file__).parents[2]
BEGAN = datetime(2026, 10, 3, 12, tzinfo=UTC)
USAGE = {
    "prompt_tokens": 1200,
    "completion_tokens": 300,
    "total_tokens": 1500,
    "prompt_tokens_details": {"cached_tokens": 1000, "audio_tokens": None},
    "completion_tokens_details": {"reasoning_tokens": 128},
}
UNITS = {"input": 200, "cache_read": 1000, "output": 172, "output_reasoning": 128}


def payload(**further: object) -> dict[str, Any]:
    """Return what LiteLLM logs of a call, as it documents it."""
    return {
        "id": "chatcmpl-1",
        "litellm_call_id": "call-1",
        "call_type": "acompletion",
        "custom_llm_provider": "openai",
        "model": "gpt-4o",
        "response_cost": 0.0041,
        "status": "success",
        "prompt_tokens": 1200,
        "completion_tokens": 300,
        "total_tokens": 1500,
        "startTime": BEGAN.timestamp(),
        "endTime": BEGAN.timestamp() + 1.5,
        "end_user": "",
        "messages": [{"role": "user", "content": "xylophone"}],
        "response": {"choices": [{"message": {"content": "marmalade"}}]},
        "metadata": {
            "usage_object": USAGE,
            "user_api_key_team_alias": "growth",
            "user_api_key_end_user_id": None,
            "requester_metadata": {"feature": "search.answer", "customer": "acme"},
        },
        **further,
    }


def test_a_call_is_recorded_with_the_cost_that_is_reported() -> None:
    """Units, model, the answer's id and who caused it; LiteLLM's own cost stands beside, nothing of what was said."""
    with recorded() as events:
        callback().log_success_event(
            {"standard_logging_object": payload()}, None, BEGAN, BEGAN + timedelta(seconds=1.5)
        )
    (event,) = events
    assert (event.usage, event.reported_cost) == (UNITS, Decimal("0.0041"))
    assert (event.provider, event.model, event.operation, event.response_id) == (
        "openai",
        "gpt-4o",
        "chat",
        "chatcmpl-1",
    )
    assert (event.feature, event.customer, event.team, event.user) == ("search.answer", "acme", "growth", None)
    assert (event.sensor, event.call, event.time, event.duration_ms) == ("litellm", "call-1", BEGAN, 1500)
    assert "xylophone" not in repr(event)
    assert "marmalade" not in repr(event)


def test_the_asynchronous_callbacks_do_the_same() -> None:
    """LiteLLM awaits some of its callbacks; failures are told by class, and refusals cost nothing."""
    refused = payload(
        status="failure",
        response_cost=0,
        error_information={"error_code": "429", "error_class": "RateLimitError", "error_message": "xylophone"},
        metadata={},
        prompt_tokens=0,
        completion_tokens=0,
        total_tokens=0,
    )
    timed_out = {**refused, "error_information": {"error_code": "408", "error_class": "Timeout"}}

    async def run() -> None:
        told = callback()
        await told.async_log_success_event({"standard_logging_object": payload()}, None, BEGAN, BEGAN)
        await told.async_log_failure_event({"standard_logging_object": refused}, None, BEGAN, BEGAN)
        await told.async_log_failure_event({"standard_logging_object": timed_out}, None, BEGAN, BEGAN)

    with recorded() as events:
        apart.run(run())
    assert [(event.state, event.error, dict(event.usage)) for event in events] == [
        ("complete", None, UNITS),
        ("refused", "RateLimitError", {}),
        ("unknown", "Timeout", {}),
    ]


@pytest.mark.parametrize("cost", [0, 0.0, None, "nonsense", -1, float("nan")])
def test_no_cost_is_no_cost_and_never_zero(cost: object) -> None:
    """What LiteLLM has no price for it reports as 0; that is no reported cost."""
    assert "reported_cost" not in event_of(payload(response_cost=cost), {}, None, failed=False)


def test_anthropics_caches_are_told_apart_in_litellms_shape() -> None:
    """LiteLLM counts Anthropic's caches inside of the prompt, as OpenAI does: each token is counted once."""
    usage = {
        "prompt_tokens": 1656,
        "completion_tokens": 300,
        "total_tokens": 1956,
        "prompt_tokens_details": {"cached_tokens": 1000, "text_tokens": None},
        "cache_creation_input_tokens": 456,
        "cache_read_input_tokens": 1000,
    }
    found = event_of(payload(custom_llm_provider="anthropic", metadata={"usage_object": usage}), {}, None, failed=False)
    assert found["usage"] == {"input": 200, "cache_read": 1000, "cache_write": 456, "output": 300}


def test_versions_that_say_less_are_read_as_far_as_they_say() -> None:
    """Without the payload, the call's own arguments and the response object tell; totals alone are totals."""
    call = {
        "model": "gpt-4o",
        "litellm_params": {"custom_llm_provider": "groq", "metadata": {"feature": "search.answer"}},
        "response_cost": 0.5,
        "call_type": "embedding",
    }
    found = event_of({}, call, {"id": "r-1", "usage": USAGE}, failed=False)
    assert (found["provider"], found["usage"], found["response_id"], found["operation"]) == (
        "groq",
        UNITS,
        "r-1",
        "embeddings",
    )
    assert found["feature"] == "search.answer"
    found = event_of(payload(metadata=None), {}, None, failed=False)
    assert found["usage"] == {"input": 1200, "output": 300}


def test_an_answer_that_nobody_counted_is_estimated() -> None:
    """Where LiteLLM itself counts nothing, the lengths of what was said give what to expect; no word of it is kept."""
    counted = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    call = {"messages": [{"role": "user", "content": "xylophone " * 8}]}
    answer = {"choices": [{"message": {"content": "marmalade " * 4}}]}
    found = event_of(payload(metadata={"usage_object": counted}), call, answer, failed=False)
    assert found["usage"] == {"input": 25, "output": 10}
    assert found["tags"] == {
        "input_low": "9",
        "input_high": "127",
        "output_low": "0",
        "output_high": "40",
        "metering": "estimated",
    }
    assert "reported_cost" not in found


def test_whatever_litellm_says_nothing_is_raised() -> None:
    """Nonsense in the place of everything is counted or recorded, never raised."""
    told = callback()
    for wrong in (
        None,
        5,
        "x",
        {},
        {"standard_logging_object": 5},
        {"standard_logging_object": {"metadata": 5, "model": 7}},
    ):
        with recorded():
            told.log_success_event(wrong, object(), None, "x")
            told.log_failure_event(wrong, None, BEGAN, None)


def test_where_litellm_is_there_the_callback_is_of_its_class(tmp_path: Path) -> None:
    """LiteLLM asks whether a callback is of its class: with a LiteLLM that is imported, it is."""
    folder = tmp_path / "litellm" / "integrations"
    folder.mkdir(parents=True)
    (tmp_path / "litellm" / "__init__.py").write_text("callbacks = []", encoding="utf-8")
    (folder / "__init__.py").write_text("", encoding="utf-8")
    own = "class CustomLogger:\n def __init__(self): self.own = True\n def log_pre_api_call(self, *a): return 'own'\n"
    (folder / "custom_logger.py").write_text(own, encoding="utf-8")
    program = (
        "import json, sys\nsys.path[:0] = sys.argv[1:3]\nfrom outlay.sdk.instrument.litellm import Callback, callback\n"
        "import outlay\noutlay.configure(events=sys.argv[3])\n"
        "assert 'litellm' not in sys.modules and type(callback()) is Callback\nimport litellm\nfound = callback()\n"
        "from litellm.integrations.custom_logger import CustomLogger\n"
        "found.log_success_event({'standard_logging_object': {'model': 'm', 'prompt_tokens': 3}}, None, None, None)\n"
        "outlay.flush()\nprint(json.dumps([isinstance(found, CustomLogger), found.own, found.log_pre_api_call()]))"
    )
    command = [sys.executable, "-c", program, str(ROOT / "src"), str(tmp_path), str(tmp_path / "e")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [True, True, "own"]
    assert '"litellm"' in (tmp_path / "e").read_text(encoding="utf-8")
    assert outlay.dropped() >= 0
