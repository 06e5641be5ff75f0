"""What an exchange tells: one usage event, and one more for every other model that helped to make the answer.

Comes in: an exchange that is over. Goes out: fields of usage events, without a word of what was asked or answered.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from outlay.sdk.instrument.hosts import Route
from outlay.sdk.instrument.reading.answer import Answer, error_of
from outlay.sdk.instrument.reading.estimate import Asked, Bounds, asked_of, enter, has_output, output_of
from outlay.sdk.instrument.reading.quick import units_of
from outlay.wire.dialects import UsageVector, read

Event = dict[str, object]
_REFUSED = 400


class Over(Protocol):
    """An exchange that is over, as far as it is looked at here."""

    answer: Answer | None
    attempt: int
    body: bytes | None
    error: str | None
    found: object
    headers: Mapping[str, str]
    model: str | None
    route: Route
    status: int | None
    time_s: float
    took_s: float

    @property
    def state(self) -> str:
        """Return how it ended, as far as that is known without its answer."""


def told(exchange: Over, call: str) -> tuple[Event, list[Event]]:
    """Return the event of an exchange, and those of other models behind the same answer.

    Args:
        exchange: What happened.
        call: Id of the call it was an attempt of.
    """
    route, answer = exchange.route, exchange.answer
    found = answer.finish() if answer else exchange.found
    failure = answer.failure if answer else error_of(found)
    event: Event = {
        "time": datetime.fromtimestamp(exchange.time_s, UTC),
        "provider": route.provider,
        "model": exchange.model or route.model,
        "operation": route.operation,
        "state": exchange.state,
        "error": exchange.error,
        "call": call,
        "attempt": exchange.attempt,
        "duration_ms": round(exchange.took_s * 1000),
    }
    tags = dict(route.tags)
    others: list[Event] = []
    if exchange.status is not None and exchange.status < _REFUSED:
        _settle(event, answer, failure)
        if isinstance(found, dict) and found.get("status") in ("queued", "in_progress"):
            # It is made in the background, and this is only its number in the queue.
            event["state"] = "unknown"
        others = _count(event, tags, exchange, found)
    else:
        if exchange.status is not None:
            event["error"] = failure or exchange.error or f"http_{exchange.status}"
        if event["model"] is None:
            event["model"] = asked_of(exchange.body).model
        if event["state"] == "unknown" and exchange.status is None:
            if route.is_plain:
                event["usage"] = dict(route.fixed)
            else:
                _estimate(event, tags, exchange, {})
    if tags:
        event["tags"] = tags
    return {name: value for name, value in event.items() if value is not None}, others


def _settle(event: Event, answer: Answer | None, failure: str | None) -> None:
    """Say how an answer ended, by what it says itself: a stream may be left after its last word, or break before."""
    if failure is not None:
        event["state"], event["error"] = "partial", failure
    elif answer is not None and answer.streamed and answer.ended:
        event["state"], event["error"] = "complete", None


def _count(event: Event, tags: dict[str, str], exchange: Over, found: object) -> list[Event]:
    """Put into an event what was used, as far as the answer says so, and estimates for the rest."""
    route = exchange.route
    if route.is_plain:
        event["usage"] = _configured(exchange, found)
        named = found.get("id") if isinstance(found, dict) else None
        event["response_id"] = named[:200] if isinstance(named, str) else None
        return []
    if isinstance(found, dict) and (usual := units_of(route.provider, found)) is not None:
        event["model"], event["usage"], event["response_id"] = found["model"], usual, found.get("id")
        return []
    if isinstance(found, dict) and "headers" not in found and route.provider == "aws":
        # Amazon counts in headers for models that do not count themselves.
        found = {**found, "headers": dict(exchange.headers)}
    vector = read(route.provider, found)
    _of_vector(event, tags, vector)
    if route.provider == "aws" and route.model:
        # Amazon sells models under names of its own; inside of an answer they have those of their makers.
        event["model"] = route.model
    flaws = {flaw.code for flaw in vector.flaws}
    if "missing-usage" in flaws or event["state"] == "partial":
        _estimate(event, tags, exchange, vector.units)
    return [_beside(event, other, place) for place, other in enumerate(vector.also, start=2)]


def _of_vector(event: Event, tags: dict[str, str], vector: UsageVector) -> None:
    event["model"] = vector.model or event["model"]
    event["usage"] = dict(vector.units)
    event["context"] = dict(vector.context)
    event["response_id"] = vector.response_id
    event["reported_cost"] = vector.reported_cost
    noted = [f"{flaw.code}:{flaw.field}" for flaw in vector.flaws if flaw.code != "missing-usage"]
    if noted:
        tags["flaws"] = ",".join(noted)[:200]


def _beside(event: Event, vector: UsageVector, place: int) -> Event:
    """Return the event of another model that helped to make an answer."""
    tags: dict[str, str] = {}
    other = {name: event[name] for name in ("time", "provider", "operation", "call", "attempt", "state") if event[name]}
    _of_vector(other | {"model": None}, tags, vector)
    other |= {
        "model": vector.model,
        "usage": dict(vector.units),
        "context": dict(vector.context),
        # The id of the answer alone would make it the same call, seen twice.
        "response_id": f"{vector.response_id}#{place}" if vector.response_id else None,
        "tags": tags,
    }
    return {name: value for name, value in other.items() if value}


def _configured(exchange: Over, found: object) -> dict[str, object]:
    """Return what a request uses by the host's own configuration."""
    usage = dict(exchange.route.fixed)
    if exchange.route.read is not None:
        for unit, quantity in (exchange.route.read(found) or {}).items():
            usage[unit] = Decimal(str(quantity)) if isinstance(quantity, float) else quantity
    return usage


def _estimate(event: Event, tags: dict[str, str], exchange: Over, known: Mapping[str, object]) -> None:
    """Fill in what no counter says, and write the bounds into tags."""
    asked = asked_of(exchange.body)
    event["model"] = event["model"] or asked.model
    usage: dict[str, object] = dict(known)
    bounds: dict[str, Bounds] = {}
    if exchange.route.operation == "speech":
        bounds["input_character"] = Bounds(asked.characters, asked.characters, asked.characters)
    elif not any(unit.startswith(("input", "cache")) for unit in known):
        bounds["input"] = asked.prompt
    if has_output(exchange.route.operation) and exchange.route.operation != "speech":
        bounds |= _of_output(exchange, asked, known)
    if asked.tier and not event.get("context"):
        event["context"] = {"tier": asked.tier}
    enter(bounds, usage, tags)
    event["usage"] = usage


def _of_output(exchange: Over, asked: Asked, known: Mapping[str, object]) -> dict[str, Bounds]:
    """Return the bounds of the output, where what came says more of it than the counters do."""
    deltas, letters = exchange.answer.count() if exchange.answer else (0, 0)
    found = output_of(asked, deltas, letters)
    counted = known.get("output", 0)
    least = counted if isinstance(counted, int) else 0
    expected = max(found.expected, least)
    high = None if found.high is None else max(found.high, expected)
    return {"output": Bounds(expected, max(found.low, least), high)}
