"""POST /v1/traces, /v1/logs, /v1/metrics (OTLP over HTTP) and /v1/litellm: calls as other tools report them."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from outlay.capture import telemetry
from outlay.capture.intake import Intake
from outlay.capture.telemetry.answer import Rejection
from outlay.errors import BadInput
from outlay.serve.collect.body import Bodies
from outlay.serve.collect.events import EVENT_PROBLEMS, RESPONSES, taken
from outlay.serve.keys import Ring

_MEDIA = {"application/x-protobuf": "protobuf", "application/protobuf": "protobuf", "application/json": "json"}
_ABOUT = {
    "traces": "Send spans: an OTLP ExportTraceServiceRequest. Spans that are calls of models become usage events.",
    "logs": "Send log records: an OTLP ExportLogsServiceRequest. Records that are calls of models become usage events.",
    "metrics": "Send metrics: an OTLP ExportMetricsServiceRequest. They are answered, not kept: they cannot be priced.",
    "litellm": "Send what LiteLLM's generic API callback reports: one call, or a list of them.",
}

_PARTLY: dict[str, Any] = {
    "type": "object",
    "description": "An OTLP Export...ServiceResponse: empty when everything was taken.",
    "properties": {
        "partialSuccess": {
            "type": "object",
            "description": "How many were not taken, and why.",
            "properties": {
                **{name: {"type": "string"} for name in ("rejectedSpans", "rejectedLogRecords", "rejectedDataPoints")},
                "errorMessage": {"type": "string"},
            },
        }
    },
}
_PROBLEMS: dict[str, Any] = {"type": "object", "required": ["problems"], "properties": {"problems": EVENT_PROBLEMS}}


def _responses(kind: str, media_types: list[str]) -> dict[int | str, dict[str, Any]]:
    """Return what a door may answer. OTLP's are in the form in which it was asked; conflicts are problems there."""
    forms = {media: {"schema": {} if "protobuf" in media else _PARTLY} for media in media_types}
    taken = {"application/json": {"schema": _PROBLEMS}} if kind == "litellm" else forms
    refusals = {status: said for status, said in RESPONSES.items() if status not in (200, 409)}
    return {200: {"description": "What could not be taken, if anything.", "content": taken}, **refusals}


def routes(intake: Intake, ring: Ring, bodies: Bodies) -> APIRouter:
    """Return the routes."""
    found = APIRouter(prefix="/v1")

    def door(kind: str) -> None:
        media_types = ["application/json"] if kind == "litellm" else ["application/x-protobuf", "application/json"]
        described: dict[str, Any] = {media: {"schema": {}} for media in media_types}

        @found.post(
            f"/{kind}",
            name=kind,
            description=_ABOUT[kind],
            response_class=Response,
            responses=_responses(kind, media_types),
            openapi_extra={"requestBody": {"required": True, "content": described}},
        )
        async def take(request: Request) -> Response:
            intake.admit()
            media = _media_of(request, media_types)
            async with bodies.of(request) as body:
                reading = telemetry.read(kind, body, media)
            answer = await taken(intake, ring, request.scope.get("outlay.key"), reading.events)
            refused: list[Rejection] = [
                (reading.places[index], flaw.field, flaw.code, flaw.fix) for index, flaw in answer.problems
            ]
            content = telemetry.answer(kind, media, [*reading.rejected, *refused])
            return Response(content, media_type="application/x-protobuf" if media == "protobuf" else "application/json")

    for kind in _ABOUT:
        door(kind)
    return found


def _media_of(request: Request, read: list[str]) -> str:
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    media = _MEDIA.get(said)
    if media is None or (media == "protobuf" and len(read) == 1):
        raise BadInput(
            f"bodies of type {said[:60]!r} are not read", fix=f"send {' or '.join(read)}", code="unknown-media"
        )
    return media
