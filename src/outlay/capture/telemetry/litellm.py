"""LiteLLM's callback: what it logs of each call, as it posts it to an endpoint of one's own.

Comes in: one payload, a JSON array of them, or one a line. Goes out: usage events. Of the answer only the model's name
is read; questions and answers are passed over, undecoded.
"""

from decimal import Decimal

import msgspec

from outlay.capture.telemetry.attributes import attributes
from outlay.capture.telemetry.dialects.litellm import operation_of
from outlay.capture.telemetry.event import (
    LONGEST,
    context_of,
    error_name,
    instant,
    provider_named,
    reported,
    round_ms,
    state_without_usage,
)
from outlay.capture.telemetry.span import MAP, OTHER, TAG, Parts, Value
from outlay.capture.telemetry.tokens import LiteLlmUsage, disjoint
from outlay.errors import BadInput
from outlay.wire.flaw import Flaw, Flawed

_SENSOR = "litellm-callback"
_SECOND = 1_000_000_000
_LAST_SECOND = 1 << 33
_Number = Decimal | None


class _Keys(msgspec.Struct):
    user_api_key_alias: str | None = None
    user_api_key_team_id: str | None = None
    user_api_key_team_alias: str | None = None
    user_api_key_org_alias: str | None = None
    user_api_key_end_user_id: str | None = None
    spend_logs_metadata: dict[str, object] | None = None
    requester_metadata: dict[str, object] | None = None
    usage_object: LiteLlmUsage | None = None


class _Error(msgspec.Struct):
    error_code: str | int | None = None
    error_class: str | None = None


class _Answer(msgspec.Struct):
    model: str | None = None


class _Payload(msgspec.Struct):
    id: str = ""
    litellm_call_id: str | None = None
    trace_id: str | None = None
    session_id: str | None = None
    call_type: str = ""
    cache_hit: bool | str | None = None
    status: str | None = None
    custom_llm_provider: str | None = None
    startTime: _Number = None  # noqa: N815 - LiteLLM's name
    endTime: _Number = None  # noqa: N815 - as above
    model: str | None = None
    model_group: str | None = None
    metadata: _Keys | None = None
    response_cost: _Number = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    request_tags: list[str] | None = None
    end_user: str | None = None
    response: msgspec.Raw = msgspec.Raw(b"")
    error_information: _Error | None = None


_payload = msgspec.json.Decoder(_Payload)
_answer = msgspec.json.Decoder(_Answer)


def read(body: bytes) -> tuple[list[dict[str, object]], int, list[tuple[int, Flaw]]]:
    """Read what LiteLLM posted.

    Returns:
        The events, how many payloads there were, and the place of each that cannot be read with what is wrong.

    Raises:
        BadInput: The body is none of the forms it posts.
    """
    found = _payloads(body)
    events: list[dict[str, object]] = []
    flaws: list[tuple[int, Flaw]] = []
    for index, raw in enumerate(found):
        try:
            events.append(_event(_payload.decode(raw)))
        except Flawed as flawed:
            flaws.append((index, flawed.flaw))
        except (ValueError, RecursionError) as error:
            fix = f"send LiteLLM's standard logging payload ({str(error)[:120]})"
            flaws.append((index, Flaw("bad-payload", "payload", None, fix)))
    return events, len(found), flaws


def _payloads(body: bytes) -> list[msgspec.Raw]:
    try:
        start = body.lstrip()[:1]
        if start == b"[":
            return msgspec.json.decode(body, type=list[msgspec.Raw])
        lines = [line for line in body.splitlines() if line.strip()]
        if len(lines) > 1 and all(line.lstrip()[:1] == b"{" for line in lines):
            return [msgspec.Raw(line) for line in lines]
        return [msgspec.json.decode(body, type=msgspec.Raw)]
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"the body is no JSON: {str(error)[:120]}",
            fix="post what LiteLLM's generic callback posts",
            code="bad-litellm",
        ) from error


def _event(found: _Payload) -> dict[str, object]:
    ident = found.litellm_call_id or found.id
    if not ident:
        raise Flawed("missing-id", "id", None, "send the payload as LiteLLM makes it")
    start, end = _nanoseconds("startTime", found.startTime), _nanoseconds("endTime", found.endTime)
    keys = found.metadata or _Keys()
    facts = keys.usage_object.facts() if keys.usage_object else {}
    if not facts.get("asked") and not facts.get("answered"):
        facts |= {"asked": found.prompt_tokens or 0, "answered": found.completion_tokens or 0}
    usage, flaw = disjoint(facts)
    if type(searches := facts.get("web_searches")) is int:
        usage["web_search"] = searches
    model = _answered_by(found) or found.model
    event: dict[str, object] = {
        # Tries of one call share LiteLLM's ids; when they began tells them apart.
        "id": f"litellm/{ident}/{start // 1000}",
        "time": instant(start),
        "provider": provider_named(found.custom_llm_provider) if found.custom_llm_provider else None,
        "model": model,
        "operation": operation_of(found.call_type),
        "usage": usage,
        "sensor": _SENSOR,
        "duration_ms": round_ms(end - start) if 0 <= end - start <= LONGEST else None,
        "call": found.trace_id or None,
    }
    if found.id and found.id != ident:
        event["response_id"] = found.id
    if cost := reported(found.response_cost):
        event["reported_cost"] = cost
    if context := context_of(facts):
        event["context"] = context
    said = _attribution(found, keys)
    _end(event, said, found)
    if flaw:
        said.tags["flaws"] = flaw
    if found.model and found.model != model:
        said.tags["asked_model"] = found.model
    event |= said.said
    if said.tags:
        event["tags"] = said.tags
    return {name: value for name, value in event.items() if value is not None}


def _end(event: dict[str, object], said: Parts, found: _Payload) -> None:
    if found.cache_hit in (True, "True", "true"):
        # LiteLLM answered from a cache of its own: nobody else was asked.
        event |= {"state": "not_sent", "usage": {}}
        event.pop("reported_cost", None)
        said.tags["answered_by"] = "litellm-cache"
        return
    if found.status != "failure":
        if not event["usage"]:
            event["state"] = "unknown"
            said.tags["metering"] = "none"
        return
    error = found.error_information or _Error()
    name = error_name(error.error_class) or error_name(error.error_code or None)
    code = str(error.error_code or "")
    status = int(code) if code.isascii() and code.isdigit() else None
    if name:
        event["error"] = name
    event["state"] = "partial" if event["usage"] else state_without_usage(name, status)
    if event["state"] == "refused":
        event.pop("reported_cost", None)


def _attribution(found: _Payload, keys: _Keys) -> Parts:
    known = attributes()
    told = {**(keys.requester_metadata or {}), **(keys.spend_logs_metadata or {})}
    stated: tuple[tuple[int, str, Value | None], ...] = (
        (OTHER, "user", found.end_user or keys.user_api_key_end_user_id),
        (OTHER, "team", keys.user_api_key_team_alias or keys.user_api_key_team_id),
        (OTHER, "session", found.session_id),
        (TAG, "api_key_alias", keys.user_api_key_alias),
        (TAG, "organization", keys.user_api_key_org_alias),
        (MAP, "metadata", msgspec.json.encode(told).decode() if told else None),
        (MAP, "request_tags", found.request_tags or None),
    )
    return known.sorted_out(stated, lambda one: known.kept(*one))


def _answered_by(found: _Payload) -> str | None:
    try:
        named = _answer.decode(found.response).model
    except (ValueError, RecursionError):  # an answer that failed, or none
        return None
    # A proxy answers under the name that a model was asked for by.
    return None if named == found.model_group else named


def _nanoseconds(name: str, value: _Number) -> int:
    """Return a number of seconds since 1970 in nanoseconds."""
    try:
        found = Decimal(value) if value is not None else Decimal(0)
    except ArithmeticError:
        found = Decimal(-1)
    if not found.is_finite() or not 0 <= found < _LAST_SECOND:
        raise Flawed("bad-time", name, None, "state seconds since 1970")
    return int(found * _SECOND)
