"""LiteLLM: what its callbacks are told about each call, as usage events.

Comes in: the payload that LiteLLM logs for every call, its own cost included. Goes out: usage events with that cost as
`reported_cost`, beside the one that is computed later. Add it to LiteLLM's list, in the program or in a proxy:

    from outlay.sdk.instrument.litellm import callback

    litellm.callbacks = [callback()]

The calls that LiteLLM makes are seen by `outlay.instrument()`, too, because it sends them with `httpx`. Use one of
both: LiteLLM gives the answers of some providers ids of its own, by which nobody can tell that two events saw one call.
"""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from outlay.sdk.instrument.reading.estimate import asked_of, enter, has_output, output_of
from outlay.sdk.instrument.trouble import swallowed
from outlay.sdk.recording import keep
from outlay.terms.money import EXACT
from outlay.wire.dialects import read

_OPERATIONS = {
    **dict.fromkeys(("completion", "acompletion", "responses", "aresponses", "anthropic_messages"), "chat"),
    **dict.fromkeys(("embedding", "aembedding"), "embeddings"),
    **dict.fromkeys(("text_completion", "atext_completion"), "text_completion"),
    **dict.fromkeys(("image_generation", "aimage_generation"), "image_generation"),
    **dict.fromkeys(("speech", "aspeech"), "speech"),
    **dict.fromkeys(("transcription", "atranscription"), "transcription"),
    **dict.fromkeys(("rerank", "arerank"), "rerank"),
}
#: What LiteLLM knows of who called, and what a usage event calls that.
_WHO = {
    "user_api_key_team_alias": "team",
    "user_api_key_team_id": "team",
    "user_api_key_end_user_id": "user",
    "user_api_key_user_id": "user",
    "user_api_key_alias": "api_key",
}
#: What a program may say in the `metadata` of a call.
_SAID = ("feature", "customer", "team", "user", "session", "environment", "release", "service", "prompt")
_MONEY = Decimal("1e-12")
_REFUSED = range(400, 500)


class Callback:
    """What LiteLLM calls; `callback()` returns one that is also of LiteLLM's own class."""

    def log_success_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:  # noqa: ANN401
        """Record a call that was answered."""
        _record(kwargs, response_obj, start_time, end_time, failed=False)

    def log_failure_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:  # noqa: ANN401
        """Record a call that failed."""
        _record(kwargs, response_obj, start_time, end_time, failed=True)

    async def async_log_success_event(
        self,
        kwargs: Any,  # noqa: ANN401
        response_obj: Any,  # noqa: ANN401
        start_time: Any,  # noqa: ANN401
        end_time: Any,  # noqa: ANN401
    ) -> None:
        """Record a call that was answered."""
        _record(kwargs, response_obj, start_time, end_time, failed=False)

    async def async_log_failure_event(
        self,
        kwargs: Any,  # noqa: ANN401
        response_obj: Any,  # noqa: ANN401
        start_time: Any,  # noqa: ANN401
        end_time: Any,  # noqa: ANN401
    ) -> None:
        """Record a call that failed."""
        _record(kwargs, response_obj, start_time, end_time, failed=True)


def callback() -> Any:  # noqa: ANN401 - a Callback, and a CustomLogger of LiteLLM's where that is there
    """Return what to add to `litellm.callbacks`.

    LiteLLM asks some of its callbacks whether they are of its class. Where it is imported already, this one is.
    """
    if "litellm" in sys.modules:
        try:
            from litellm.integrations.custom_logger import CustomLogger

            return type("OutlayCallback", (Callback, CustomLogger), {})()
        except Exception:  # noqa: BLE001 - law 12: a LiteLLM that has moved it
            swallowed("finding LiteLLM's class of callbacks")
    return Callback()


def _record(kwargs: Any, response: Any, began: Any, ended: Any, *, failed: bool) -> None:  # noqa: ANN401
    """Keep the event of a call. It never raises."""
    try:
        payload = kwargs.get("standard_logging_object") if isinstance(kwargs, Mapping) else None
        event = event_of(payload if isinstance(payload, Mapping) else {}, kwargs, response, failed=failed)
        if isinstance(began, datetime) and "time" not in event:
            event["time"] = began if began.tzinfo else began.astimezone(UTC)
        if isinstance(began, datetime) and isinstance(ended, datetime):
            event["duration_ms"] = max(0, round((ended - began).total_seconds() * 1000))
        keep(event)
    except Exception:  # noqa: BLE001 - law 12
        swallowed("reading what LiteLLM logs")


def event_of(payload: Mapping[str, Any], kwargs: Any, response: Any, *, failed: bool) -> dict[str, object]:  # noqa: ANN401
    """Return the usage event in what LiteLLM logs of a call.

    Args:
        payload: Its `StandardLoggingPayload`; what it holds of messages and answers is not looked at.
        kwargs: What it was called with.
        response: Its response object, or None.
        failed: Whether the call failed.
    """
    hosted = kwargs if isinstance(kwargs, Mapping) else {}
    parameters = hosted.get("litellm_params")
    provider = payload.get("custom_llm_provider") or hosted.get("custom_llm_provider")
    if not provider and isinstance(parameters, Mapping):
        provider = parameters.get("custom_llm_provider")
    model = payload.get("model") or hosted.get("model")
    metadata = payload.get("metadata")
    vector = read(str(provider or ""), {"model": model, "usage": _usage(payload, response)})
    kind = str(payload.get("call_type") or hosted.get("call_type") or "completion")
    event: dict[str, object] = {
        "sensor": "litellm",
        "provider": provider,
        "model": model,
        "operation": _OPERATIONS.get(kind, kind),
        "usage": dict(vector.units),
        "context": dict(vector.context),
        "response_id": None if failed else payload.get("id") or _of(response, "id"),
        "call": payload.get("litellm_call_id") or hosted.get("litellm_call_id"),
        "reported_cost": _cost(payload.get("response_cost", hosted.get("response_cost"))) if vector.units else None,
        "state": "complete",
        **_attribution(_dict(metadata), _dict(_dict(parameters).get("metadata")), payload),
    }
    if failed:
        event |= _failure(payload)
    elif not vector.units:
        _estimate(event, hosted, response)
    if isinstance(began := payload.get("startTime"), (int, float)):
        event["time"] = datetime.fromtimestamp(began, UTC)
    return {name: value for name, value in event.items() if value is not None}


def _estimate(event: dict[str, object], called: Mapping[str, Any], response: Any) -> None:  # noqa: ANN401
    """Fill in what a call used that was answered and counted by nobody, by the length of what was said alone."""
    said = {name: called[name] for name in ("messages", "input", "max_tokens") if name in called}
    asked = asked_of(json.dumps(said, default=str).encode())
    bounds = {"input": asked.prompt}
    choices = _of(response, "choices")
    if has_output(str(event["operation"])):
        texts = [_of(_of(choice, "message"), "content") for choice in choices] if isinstance(choices, list) else []
        letters = sum(len(text.encode()) for text in texts if isinstance(text, str))
        bounds["output"] = output_of(asked, 0, letters)
    usage: dict[str, object] = {}
    tags: dict[str, str] = {}
    enter(bounds, usage, tags)
    event |= {"usage": usage, "tags": tags}


def _usage(payload: Mapping[str, Any], response: Any) -> dict[str, Any] | None:  # noqa: ANN401
    """Return the usage object with all of its details, wherever this version of LiteLLM keeps it."""
    metadata = payload.get("metadata")
    candidates: list[Any] = [metadata.get("usage_object") if isinstance(metadata, Mapping) else None]
    for found in (*candidates, _of(response, "usage")):
        if isinstance(found, Mapping):
            return dict(found)
        if hasattr(found, "model_dump"):
            return dict(found.model_dump())
    totals = {name: payload.get(name) for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    return totals if any(totals.values()) else None


def _of(response: Any, name: str) -> Any:  # noqa: ANN401
    return response.get(name) if isinstance(response, Mapping) else getattr(response, name, None)


def _cost(found: object) -> Decimal | None:
    """Return a cost that LiteLLM computed. What it has no price for, it says costs nothing: that is no cost."""
    try:
        cost = EXACT.quantize(Decimal(str(found)), _MONEY)
    except (InvalidOperation, ValueError):
        return None
    return cost if cost.is_finite() and cost > 0 else None


def _dict(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}


def _attribution(
    metadata: Mapping[str, Any], given: Mapping[str, Any], payload: Mapping[str, Any]
) -> dict[str, object]:
    """Return who caused a call, by what the program said with it and by whose key it was."""
    found: dict[str, object] = {}
    for said in (given, _dict(metadata.get("requester_metadata")), metadata):
        for name in _SAID:
            if isinstance(value := said.get(name), (str, int)) and value != "":
                found.setdefault(name, value)
    for name, ours in _WHO.items():
        if value := metadata.get(name):
            found.setdefault(ours, value)
    if value := payload.get("end_user"):
        found.setdefault("user", value)
    return found


def _failure(payload: Mapping[str, Any]) -> dict[str, object]:
    told = _dict(payload.get("error_information"))
    code = str(told.get("error_code") or "")
    refused = code.isdecimal() and int(code) in _REFUSED and code != "408"
    name = told.get("error_class")
    return {"state": "refused" if refused else "unknown", "error": name if isinstance(name, str) and name else "error"}
