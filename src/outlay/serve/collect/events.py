"""POST /v1/events: usage events as JSON, as lines of JSON, and as CloudEvents."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any, cast

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from outlay.capture.intake import Answer, Intake, Record
from outlay.errors import BadInput
from outlay.serve.collect.body import Bodies
from outlay.serve.encode import to_json
from outlay.serve.keys import Key, Ring
from outlay.serve.problems import MEDIA_TYPE, SCHEMA, problem
from outlay.terms.usage_event import STATES
from outlay.wire import batch

_WHOLE = ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json")
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
#: Events looked at before another request gets its turn.
_TURN = 1000
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode

#: Events of a request that cannot be taken, for the OpenAPI document.
EVENT_PROBLEMS: dict[str, Any] = {
    "type": "array",
    "description": "Events that cannot be taken: place in the body, field at fault, stable code, what to do.",
    "items": {
        "type": "object",
        "properties": {
            "index": {"type": "integer"},
            **{name: {"type": "string"} for name in ("field", "code", "fix")},
        },
    },
}
_ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["accepted", "duplicates", "conflicts", "problems"],
    "properties": {
        "accepted": {"type": "integer", "description": "Events that are new, and on disk now."},
        "duplicates": {"type": "integer", "description": "Events that came before, unchanged."},
        "conflicts": {
            "type": "array",
            "description": "Events whose id came before with another content; the first one holds.",
            "items": {"type": "object", "properties": {"index": {"type": "integer"}, "id": {"type": "string"}}},
        },
        "problems": EVENT_PROBLEMS,
    },
}
_REFUSED = {**SCHEMA, "properties": {**cast("dict[str, Any]", SCHEMA["properties"]), **_ANSWER["properties"]}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "What became of each event.", "content": {"application/json": {"schema": _ANSWER}}},
    **{
        status: {"description": text, "content": {MEDIA_TYPE: {"schema": _REFUSED}}}
        for status, text in (
            (400, "No event could be taken; `problems` says why."),
            (401, "The key is missing, unknown, revoked or expired."),
            (403, "The key is for something else."),
            (409, "Every event came before, with another content."),
            (413, "The body is too large."),
            (415, "The format or encoding of the body is not read."),
            (429, "The key sends more than it may; wait as long as `Retry-After` says."),
            (503, "There is no room at the moment; wait as long as `Retry-After` says."),
        )
    },
}
_TEXT = {"type": "string"}
_EVENT: dict[str, Any] = {
    "type": "object",
    "description": "A usage event (docs/events.md), or a CloudEvent whose `data` is one. Other fields become tags.",
    "required": ["id", "time"],
    "properties": {
        "id": _TEXT,
        "time": {"type": "string", "format": "date-time"},
        "usage": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
        **dict.fromkeys(("provider", "model", "feature", "customer", "team", "user", "session", "service"), _TEXT),
        "state": {"type": "string", "enum": list(STATES)},
    },
    "example": {
        "id": "e-1",
        "time": "2026-10-03T12:00:00.123Z",
        "provider": "openai",
        "model": "gpt-5-mini",
        "usage": {"input": 200, "output": 172},
        "feature": "search.answer",
        "customer": "acme",
    },
}
_BODY = {
    "required": True,
    "content": {
        **{media: {"schema": {"anyOf": [_EVENT, {"type": "array", "items": _EVENT}]}} for media in _WHOLE},
        **{media: {"schema": {"type": "string", "description": "One event a line."}} for media in _LINES},
    },
}


def routes(intake: Intake, ring: Ring, bodies: Bodies) -> APIRouter:
    """Return the routes."""
    found = APIRouter(prefix="/v1", responses=RESPONSES)

    @found.post("/events", openapi_extra={"requestBody": _BODY})
    async def events(request: Request) -> Response:
        """Send usage events: an array, one object, or one a line. Answers when they are on disk."""
        intake.admit()
        async with bodies.of(request) as body:
            answer = await taken(intake, ring, request.scope.get("outlay.key"), records_of(request, body))
        return response_of(answer)

    return found


def records_of(request: Request, body: bytes) -> Sequence[Record]:
    """Return the events of a body, apart.

    Raises:
        BadInput: It says to be neither JSON nor lines of JSON (`unknown-media`).
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media in _LINES:
        return batch.lines(body)
    if media not in _WHOLE:
        raise BadInput(
            f"bodies of type {media[:60]!r} are not read",
            fix=f"send {_WHOLE[0]} or {_LINES[0]}, and say so in Content-Type",
            code="unknown-media",
        )
    try:
        return [bytes(raw) for raw in _split(body)]
    except (ValueError, RecursionError):
        return batch.elements(body)


async def taken(intake: Intake, ring: Ring, key: Key | None, records: Sequence[Record]) -> Answer:
    """Take events in, and return what became of them once those that were accepted are on disk.

    Raises:
        TooFast: The key sends more than it may.
        EngineFailed: They cannot be written; send all of them again.
    """
    if key:
        ring.spend(key, len(records))
    bound = key.bound if key else None
    answer, waiting = Answer(), []
    rest = iter(records)
    first = 0
    while some := list(islice(rest, _TURN)):
        offer = intake.offer(some, bound, first=first)
        answer.add(offer.answer)
        waiting.append(asyncio.wrap_future(offer.durable))
        first += len(some)
        if first < len(records):
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    return answer


def response_of(answer: Answer) -> Response:
    """Return an answer over HTTP: 200 when anything was taken, else a problem that holds the same."""
    content = {
        "accepted": answer.accepted,
        "duplicates": answer.duplicates,
        "conflicts": [{"index": conflict.index, "id": conflict.id} for conflict in answer.conflicts],
        "problems": [
            {"index": index, "field": flaw.field, "code": flaw.code, "fix": flaw.fix} for index, flaw in answer.problems
        ],
    }
    if answer.accepted or answer.duplicates or not answer.events:
        return Response(to_json(content), media_type="application/json")
    if answer.problems:
        index, flaw = answer.problems[0]
        said = f"no event can be taken; event {index}: {flaw.field} is at fault"
        return problem(HTTPStatus.BAD_REQUEST, said, code=flaw.code, fix=flaw.fix, **content)
    return problem(
        HTTPStatus.CONFLICT,
        "every event came before with another content",
        code="conflict",
        fix="send an event again unchanged, or give the changed one another id",
        **content,
    )
