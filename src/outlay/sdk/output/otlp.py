"""OTLP: each event as a span, for any OpenTelemetry collector, by OTLP/HTTP in protobuf.

A span carries the names of the GenAI conventions, where tokens were used, and all of the event under `outlay.`
(`outlay.wire.attributes`): its units as they are (disjoint, while `gen_ai.usage.input_tokens` includes what was
cached), and its attribution. Forwarded to Outlay's collector it is the event it was.
"""

import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from string import hexdigits
from typing import cast
from urllib.parse import urlsplit

from outlay.sdk.output.connection import Answer
from outlay.sdk.output.protobuf import fields, fixed, number, piece
from outlay.sdk.output.verdict import Kind, Verdict, by_status
from outlay.terms.unit import PROMPT_UNITS, TOKEN_UNITS
from outlay.wire.attributes import SCOPE, to_attributes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEVEL = 1
_CLIENT, _ERROR = 3, 2
#: Ours to the conventions'; any other provider is called the same there.
_PROVIDERS = {
    "aws": "aws.bedrock",
    "azure": "azure.ai.openai",
    "google": "gcp.gemini",
    "mistral": "mistral_ai",
    "x-ai": "x_ai",
    "xai": "x_ai",
}
_WRITES = ("cache_write", "cache_write_5m", "cache_write_1h")
#: What the conventions count, as sums of our units.
_COUNTS = {
    "gen_ai.usage.input_tokens": (*PROMPT_UNITS, "cache_read_audio"),
    "gen_ai.usage.output_tokens": tuple(unit for unit in TOKEN_UNITS if unit.startswith("output")),
    "gen_ai.usage.cache_read.input_tokens": ("cache_read", "cache_read_audio"),
    "gen_ai.usage.cache_write.input_tokens": _WRITES,
    "gen_ai.usage.reasoning.output_tokens": ("output_reasoning",),
    "gen_ai.usage.audio.input_tokens": ("input_audio", "cache_read_audio"),
    "gen_ai.usage.audio.output_tokens": ("output_audio",),
    "gen_ai.usage.image.input_tokens": ("input_image",),
    "gen_ai.usage.image.output_tokens": ("output_image",),
}
#: These two are there whenever tokens are, be they 0; the conventions leave out the others then.
_ALWAYS = 2
_NAMED = {
    "gen_ai.operation.name": "operation",
    "gen_ai.request.model": "model",
    "gen_ai.response.model": "model",
    "gen_ai.response.id": "response_id",
    "gen_ai.conversation.id": "session",
}
_OPERATIONS = frozenset({"chat", "text_completion", "generate_content", "embeddings", "rerank"})
_PLAIN = {"error.type": "error", "user.id": "user", "session.id": "session"}
_RESOURCE = {"service.name": "service", "service.version": "release", "deployment.environment.name": "environment"}


class Otlp:
    """What to send to an OpenTelemetry collector, and how to read its answer.

    Args:
        url: Its address, such as `http://127.0.0.1:4318`; `/v1/traces` is added where no path is given.
        headers: Further headers, such as a vendor's key.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.url = url if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}/v1/traces"
        self.headers = {
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "gzip",
            "User-Agent": "outlay-sdk",
            **headers,
        }

    def body(self, lines: list[bytes]) -> bytes:
        """Return the body of a request."""
        return gzip.compress(request(lines), _LEVEL, mtime=0)

    def verdict(self, answer: Answer, sent: int) -> Verdict:
        """Return what an answer means; in part is said by a count only."""
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - the statuses of success
            return by_status(answer)
        if answer.headers.get("content-type", "").startswith("text/html"):
            return Verdict(Kind.AWAY, why="the answer is a web page")
        try:
            lost, why = _partial(answer.body)
        except ValueError:
            return Verdict(Kind.TAKEN)
        return Verdict(Kind.TAKEN, lost=min(lost, sent), why=why)


def request(lines: Iterable[bytes]) -> bytes:
    """Return events, each a line of JSON, as an `ExportTraceServiceRequest`."""
    by_resource: dict[tuple[object, ...], list[bytes]] = {}
    for line in lines:
        event = json.loads(line)
        by_resource.setdefault(tuple(event.get(name) for name in _RESOURCE.values()), []).append(_span(event))
    scope = piece(1, piece(1, SCOPE))
    found = []
    for said, spans in by_resource.items():
        named = dict(zip(_RESOURCE, said, strict=True))
        named["service.name"] = named["service.name"] or "unknown_service"
        resource = b"".join(_attribute(1, name, value) for name, value in named.items() if value)
        found.append(piece(1, piece(1, resource) + piece(2, scope + b"".join(piece(2, span) for span in spans))))
    return b"".join(found)


def _span(event: dict[str, object]) -> bytes:
    began_ns = (datetime.fromisoformat(str(event["time"])) - _EPOCH) // timedelta(microseconds=1) * 1000
    ended_ns = began_ns + cast(int, event.get("duration_ms") or 0) * 1_000_000
    # The event's own span, below the one it happened in: a request of ours may make many calls.
    own = sha256(str(event["id"]).encode()).digest()
    above = _identifier(event.get("span"), 8) or _identifier(event.get("parent"), 8)
    name = " ".join(str(event[part]) for part in ("operation", "model") if part in event) or event.get("provider")
    parts = [
        piece(1, _identifier(event.get("trace"), 16) or own[8:24]),
        piece(2, own[:8]),
        piece(4, above) if above and event.get("trace") else b"",
        piece(5, str(name or "usage")),
        number(6, _CLIENT),
        fixed(7, began_ns),
        fixed(8, ended_ns),
        *(_attribute(9, key, value) for key, value in attributes(event).items()),
    ]
    if event.get("error") or event["state"] not in ("complete", "partial"):
        parts.append(piece(15, number(3, _ERROR)))
    return b"".join(parts)


def attributes(event: Mapping[str, object]) -> dict[str, object]:
    """Return the attributes of an event's span: the conventions' names, then everything under `outlay.`."""
    usage = cast(Mapping[str, int | str], event.get("usage") or {})
    tokens = {unit: quantity for unit, quantity in usage.items() if isinstance(quantity, int) and unit in TOKEN_UNITS}
    found: dict[str, object] = {}
    if tokens or event.get("operation") in _OPERATIONS:
        provider = str(event.get("provider") or "")
        found["gen_ai.provider.name"] = _PROVIDERS.get(provider, provider)
        found |= {key: event.get(name) for key, name in _NAMED.items()}
        if event["state"] != "complete" and not event.get("response_id"):
            found["gen_ai.response.model"] = None
        for at, (key, units) in enumerate(_COUNTS.items()):
            counted = sum(tokens.get(unit, 0) for unit in units)
            if counted or (at < _ALWAYS and tokens):
                found[key] = counted
        for lifetime in ("5m", "1h"):
            if provider == "anthropic" and tokens.get(f"cache_write_{lifetime}"):
                key = f"anthropic.usage.cache_creation.ephemeral_{lifetime}_input_tokens"
                found[key] = tokens[f"cache_write_{lifetime}"]
    found |= {key: event.get(name) for key, name in _PLAIN.items()}
    return {key: value for key, value in found.items() if value is not None and value != ""} | to_attributes(event)


def _attribute(field: int, name: str, value: object) -> bytes:
    held = number(3, value) if isinstance(value, int) else piece(1, str(value))
    return piece(field, piece(1, name) + piece(2, held))


def _identifier(value: object, size: int) -> bytes:
    """Return an id of the W3C's as bytes; nothing when it is none, or all zeros, which no receiver takes."""
    if isinstance(value, str) and len(value) == 2 * size and all(digit in hexdigits for digit in value):
        found = bytes.fromhex(value)
        return found if any(found) else b""
    return b""


def _partial(body: bytes) -> tuple[int, str]:
    """Return how many spans an `ExportTraceServiceResponse` says were rejected, and why."""
    lost, why = 0, ""
    for field, value in fields(body):
        if field == 1 and isinstance(value, bytes):
            for inner, said in fields(value):
                if inner == 1 and isinstance(said, int):
                    lost = said
                elif isinstance(said, bytes):
                    why = said.decode(errors="replace")
    return lost, why[:500]
