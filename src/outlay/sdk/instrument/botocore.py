"""Botocore: clients of AWS, seen through botocore's own events. No method is wrapped.

Comes in: what botocore emits for each call and each attempt. Goes out: exchanges of Bedrock's models, and of the
services in `aws_units` by the request, the capacity, the byte and the page.

New sessions get their handlers from botocore's list of built-in ones, which ours are added to; that reaches every
client made from then on. Clients that exist already are reached through `track`.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from outlay.sdk.instrument.aws_units import READERS, Facts, capacity_wanted, facts_of, route_of
from outlay.sdk.instrument.exchange import Exchange, new_call
from outlay.sdk.instrument.hosts import Route
from outlay.sdk.instrument.reading.answer import HELD, PAYLOADS
from outlay.sdk.instrument.reading.decoding import payload_line
from outlay.sdk.instrument.trouble import swallowed

_KEY = "outlay"
_STREAMS = {"ConverseStream": "stream", "InvokeModelWithResponseStream": "body"}
#: What S3 finds out only by looking: such a request is billed as one that succeeds.
_S3_BILLED = (304, 404, 412, 416)


class _Settings:
    """What was asked for."""

    on = False
    capacity = False


_settings = _Settings()


class _Seen:
    """One call: what its attempts share."""

    __slots__ = ("attempts", "call", "exchange", "facts", "hidden", "route", "sent", "service")

    def __init__(self, service: str, route: Route, facts: Facts, *, hidden: bool) -> None:
        self.call = new_call()
        self.attempts = 0
        self.service = service
        self.route = route
        self.facts = facts
        self.sent = 0
        self.exchange: Exchange | None = None
        self.hidden = hidden


def instrument(handlers: ModuleType) -> None:
    """Add our handlers to those that every new session of botocore gets, and to boto3's default session.

    Args:
        handlers: The module `botocore.handlers`.
    """
    _settings.on = True
    for event, handler in _handlers():
        if (event, handler) not in handlers.BUILTIN_HANDLERS:
            handlers.BUILTIN_HANDLERS.append((event, handler))
    session = getattr(sys.modules.get("boto3"), "DEFAULT_SESSION", None)
    if session is not None:
        _register(session.events)


def ask_for_capacity(*, asked: bool) -> None:
    """Ask DynamoDB for the capacity it used, where a program does not."""
    _settings.capacity = asked


def uninstrument() -> None:
    """Take our handlers out again; those that existing clients hold do nothing from now on."""
    _settings.on = _settings.capacity = False
    handlers = sys.modules.get("botocore.handlers")
    for pair in _handlers() if handlers is not None else ():
        if pair in handlers.BUILTIN_HANDLERS:  # type: ignore[union-attr] # it is not None in here
            handlers.BUILTIN_HANDLERS.remove(pair)  # type: ignore[union-attr]


def track(client: object) -> bool:
    """Add our handlers to one client or session; return whether it was one of botocore's."""
    events = getattr(getattr(client, "meta", None), "events", None) or getattr(client, "events", None)
    if events is None and hasattr(client, "get_component"):
        events = client.get_component("event_emitter")
    if events is None or not hasattr(events, "register"):
        return False
    _settings.on = True
    _register(events)
    return True


def _register(events: Any) -> None:  # noqa: ANN401 - an emitter of botocore's
    for event, handler in _handlers():
        events.register(event, handler, unique_id=f"outlay-{event}")


def _handlers() -> list[tuple[str, Any]]:
    return [
        pair
        for service in ("bedrock-runtime", *READERS)
        for pair in (
            (f"before-parameter-build.{service}", _begin),
            (f"request-created.{service}", _send),
            (f"response-received.{service}", _receive),
        )
    ]


def _begin(params: Any, model: Any, context: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
    """Note that a call begins."""
    if not _settings.on or not isinstance(context, dict) or _KEY in context or not isinstance(params, dict):
        return
    try:
        service = model.service_model.service_id.hyphenize()
        route = route_of(service, model.name, params, context.get("client_region"))
        if route is None:
            return
        hidden = service == "dynamodb" and _settings.capacity and capacity_wanted(model.name, params)
        if hidden:
            params["ReturnConsumedCapacity"] = "TOTAL"
        context[_KEY] = _Seen(service, route, facts_of(model.name, params), hidden=hidden)
    except Exception:  # noqa: BLE001 - law 12
        swallowed("looking at a call to AWS")


def _send(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
    """Note that an attempt begins."""
    seen = request.context.get(_KEY) if isinstance(getattr(request, "context", None), dict) else None
    if not isinstance(seen, _Seen):
        return
    try:
        data = request.data
        if seen.route.is_plain:
            # What is stored or sent is no prompt; its length is all there is to know.
            told = request.headers.get("X-Amz-Decoded-Content-Length") or request.headers.get("Content-Length")
            seen.sent = int(told) if told else _length(data)
            data = None
        elif isinstance(data, str):
            data = data.encode()
        seen.exchange = Exchange(seen.route, data if isinstance(data, bytes) else None, seen.attempts, seen.call)
        seen.attempts += 1
    except Exception:  # noqa: BLE001 - law 12
        swallowed("looking at a request to AWS")


def _receive(
    response_dict: Any,  # noqa: ANN401 - botocore's
    parsed_response: Any,  # noqa: ANN401
    context: Any,  # noqa: ANN401
    exception: BaseException | None = None,
    **_: object,
) -> None:
    """Note how an attempt ended, or that its stream begins."""
    seen = context.get(_KEY) if isinstance(context, dict) else None
    if not isinstance(seen, _Seen) or seen.exchange is None:
        return
    exchange, seen.exchange = seen.exchange, None
    try:
        if exception is not None or response_dict is None:
            exchange.failed(exception or RuntimeError())
            return
        _answered(exchange, seen, response_dict, parsed_response)
        if seen.hidden:
            parsed_response.pop("ConsumedCapacity", None)
    except Exception:  # noqa: BLE001 - law 12
        swallowed("looking at an answer of AWS")


def _answered(exchange: Exchange, seen: _Seen, response: Mapping[str, Any], parsed: Mapping[str, Any]) -> None:
    status = response["status_code"]
    exchange.answered(status, {})
    code = str((parsed.get("Error") or {}).get("Code") or "")[:100] or None
    if seen.service == "s3" and status in _S3_BILLED:
        exchange.answered(200, {})
        exchange.ended(code, complete=True)
        return
    if status >= 400:  # noqa: PLR2004 - the refusals
        exchange.ended(code)
        return
    if seen.service in READERS:
        used = READERS[seen.service].units(seen.facts, parsed, seen.sent)
        if not used:
            exchange.forget()
            return
        exchange.route = replace(exchange.route, fixed=used)
        # A job that is asked for twice has used its pages once; the id of an answer says that it is the same.
        exchange.found = {"id": seen.facts.job or (parsed.get("ResponseMetadata") or {}).get("RequestId")}
        exchange.ended()
        return
    stream = parsed.get(_STREAMS.get(seen.facts.operation, ""))
    if stream is not None and hasattr(stream, "_event_generator"):
        exchange.answered(status, {"content-type": PAYLOADS})
        events = stream._event_generator  # noqa: SLF001 - no public way sees events
        passing = _passing_async if hasattr(events, "__anext__") else _passing
        stream._event_generator = passing(events, exchange)  # noqa: SLF001
        return
    told = ("usage", "ResponseMetadata", "serviceTier", "performanceConfig")
    exchange.found = {name: parsed[name] for name in told if name in parsed}
    exchange.ended()


def _length(data: object) -> int:
    """Return how long a body is, as botocore itself finds out; 0 where nobody can know."""
    if isinstance(data, (bytes, bytearray)):
        return len(data)
    if isinstance(data, str):
        return len(data.encode())
    known = getattr(sys.modules.get("botocore.utils"), "determine_content_length", None)
    return (known(data) if known and data is not None and not isinstance(data, dict) else None) or 0


def _note(exchange: Exchange, event: Any, held: int) -> int:  # noqa: ANN401 - a message of botocore's
    """Look at one message of a stream; return how many bytes are held of it now."""
    try:
        line = payload_line(event.payload)
        exchange.chunks.append(line)
        held += len(line)
        if held > HELD:
            exchange.sift()
            return 0
    except Exception:  # noqa: BLE001 - law 12
        swallowed("looking at a stream of AWS")
    return held


async def _passing_async(events: Any, exchange: Exchange) -> Any:  # noqa: ANN401 - as below, of aiobotocore's
    """Yield the messages of a stream as they come."""
    held = 0
    with exchange:
        async for event in events:
            held = _note(exchange, event, held)
            yield event


def _passing(events: Any, exchange: Exchange) -> Any:  # noqa: ANN401 - a generator of botocore's messages
    """Yield the messages of a stream as they come."""
    held = 0
    with exchange:
        for event in events:
            held = _note(exchange, event, held)
            yield event
