"""A server that answers as OpenAI and Anthropic do, on the loopback: the real clients are driven against it.

What it does is told by the model that is asked: the part after `!` names a mishap, such as `gpt-4o!429` or
`claude-sonnet-4-5!cut`. It counts what it was asked, and keeps the headers of every request.
"""

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

SECRET = "xylophone-of-a-prompt"
ANSWER = "zanzibar quokka marmalade nebula fjord kelp"
CHAT_USAGE = {
    "prompt_tokens": 1200,
    "completion_tokens": 300,
    "total_tokens": 1500,
    "prompt_tokens_details": {"cached_tokens": 1000, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 128,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
CHAT_UNITS = {"input": 200, "cache_read": 1000, "output": 172, "output_reasoning": 128}
RESPONSE_USAGE = {
    "input_tokens": 1200,
    "input_tokens_details": {"cached_tokens": 1000},
    "output_tokens": 300,
    "output_tokens_details": {"reasoning_tokens": 128},
    "total_tokens": 1500,
}
MESSAGE_USAGE = {
    "input_tokens": 200,
    "cache_creation_input_tokens": 456,
    "cache_read_input_tokens": 1000,
    "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 56},
    "output_tokens": 300,
    "service_tier": "standard",
}
MESSAGE_UNITS = {"input": 200, "cache_read": 1000, "cache_write_5m": 400, "cache_write_1h": 56, "output": 300}
PIECES = [word + " " for word in ANSWER.split()]


@dataclass
class Fake:
    """The server and what it saw.

    Args:
        address: `http://127.0.0.1:PORT`.
        asked: Path and decoded body of every request.
        headers: Headers of every request, in lower case.
    """

    address: str = ""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)

    @property
    def openai(self) -> str:
        """Return the address as OpenAI's clients take it."""
        return f"{self.address}/v1"


def chat(model: str) -> dict[str, Any]:
    """Return an answer of chat completions."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": f"{model}-2024-08-06",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}],
        "usage": CHAT_USAGE,
        "service_tier": "default",
    }


def chat_events(model: str, asked: dict[str, Any]) -> Iterator[str]:
    """Yield the events of a streamed answer of chat completions."""
    usage = bool((asked.get("stream_options") or {}).get("include_usage"))
    head: dict[str, Any] = {
        "id": "chatcmpl-2",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": f"{model}-2024-08-06",
    }
    if usage:
        head["usage"] = None  # as the real ones do
    deltas = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in PIECES), {}]
    for place, delta in enumerate(deltas):
        end = "stop" if place == len(deltas) - 1 else None
        yield _data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": end}]})
    if usage:
        yield _data({**head, "choices": [], "usage": CHAT_USAGE})
    yield "data: [DONE]\n\n"


def response(model: str) -> dict[str, Any]:
    """Return an answer of responses."""
    text = {"type": "output_text", "text": ANSWER, "annotations": []}
    said = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [text]}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": f"{model}-2024-08-06",
        "output": [said],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": RESPONSE_USAGE,
        "service_tier": "default",
    }


def response_events(model: str) -> Iterator[str]:
    """Yield the events of a streamed answer of responses."""
    whole = response(model)
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
    item = {**whole["output"][0], "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    place = {"item_id": "msg_1", "output_index": 0}
    events.append({"type": "response.output_item.added", "output_index": 0, "item": item})
    events.append({"type": "response.content_part.added", **place, "content_index": 0, "part": part})
    delta = {"type": "response.output_text.delta", **place, "content_index": 0, "logprobs": []}
    events += [{**delta, "delta": piece} for piece in PIECES]
    events.append(
        {"type": "response.output_text.done", **place, "content_index": 0, "text": "".join(PIECES), "logprobs": []}
    )
    events.append({"type": "response.output_item.done", "output_index": 0, "item": whole["output"][0]})
    events.append({"type": "response.completed", "response": whole})
    for number, event in enumerate(events):
        yield f"event: {event['type']}\n" + _data({**event, "sequence_number": number})


def message(model: str) -> dict[str, Any]:
    """Return an answer of Anthropic's messages."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": ANSWER}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": MESSAGE_USAGE,
    }


def message_events(model: str) -> Iterator[str]:
    """Yield the events of a streamed answer of Anthropic's messages."""
    begun = {**message(model), "content": [], "stop_reason": None, "usage": {**MESSAGE_USAGE, "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}]
    events.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    events.append({"type": "ping"})
    for piece in PIECES:
        delta = {"type": "text_delta", "text": piece}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events.append({"type": "content_block_stop", "index": 0})
    usage = {name: MESSAGE_USAGE[name] for name in ("input_tokens", "cache_read_input_tokens", "output_tokens")}
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    events.append({"type": "message_delta", "delta": ended, "usage": usage})
    events.append({"type": "message_stop"})
    for event in events:
        yield f"event: {event['type']}\n" + _data(event)


def embeddings(model: str) -> dict[str, Any]:
    """Return an answer of embeddings."""
    data = [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}]
    return {"object": "list", "data": data, "model": model, "usage": {"prompt_tokens": 8, "total_tokens": 8}}


def _data(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event, separators=(',', ':'))}\n\n"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: Fake

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by what it overrides
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a list of models."""
        self._document(200, {"object": "list", "data": []})

    def do_POST(self) -> None:
        """Answer as the path and the model say."""
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        asked = json.loads(body) if body.startswith(b"{") else {}
        self.fake.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.fake.asked.append((self.path, asked))
        model, _, mishap = str(asked.get("model", "none")).partition("!")
        if self._goes_wrong(mishap, len([path for path, _ in self.fake.asked if path == self.path])):
            return
        path = self.path.partition("?")[0]
        streamed = bool(asked.get("stream"))
        if path.endswith("/chat/completions"):
            events = chat_events(model, asked)
            self._events(events, mishap) if streamed else self._document(200, chat(model), mishap)
        elif path.endswith("/responses") and asked.get("background"):
            self._document(200, {**response(model), "status": "queued", "output": [], "usage": None})
        elif path.endswith("/responses"):
            self._events(response_events(model), mishap) if streamed else self._document(200, response(model), mishap)
        elif path.endswith(("/messages", ":rawPredict", ":streamRawPredict")):
            self._events(message_events(model), mishap) if streamed else self._document(200, message(model), mishap)
        elif path.endswith("/embeddings"):
            self._document(200, embeddings(model), mishap)
        elif path.endswith("/audio/speech"):
            self._bytes(200, "audio/mpeg", b"\xff\xfb" * 500)
        else:
            self._document(200, {"object": "something", "asked": path})

    def _goes_wrong(self, mishap: str, times: int) -> bool:
        if mishap.startswith("twice") and times > 2:
            return False
        status = mishap.removeprefix("twice")
        if status.isdecimal():
            error = {"message": f"no: {SECRET}", "type": "requests", "code": f"code_{status}"}
            self._document(int(status), {"error": error}, headers={"retry-after-ms": "1"})
            return True
        if mishap == "reset":
            self.close_connection = True
            self.connection.close()
            return True
        if mishap == "hang":
            self.fake.hold.wait(20)
            self.close_connection = True
            return True
        return False

    def _document(self, status: int, found: object, mishap: str = "", headers: dict[str, str] | None = None) -> None:
        body = json.dumps(found).encode()
        told = dict(headers or {})
        if mishap == "gzip":
            body, told["content-encoding"] = gzip.compress(body, mtime=0), "gzip"
        elif mishap == "br":
            body, told["content-encoding"] = import_module("brotli").compress(body), "br"
        self._bytes(status, "application/json", body, told)

    def _bytes(self, status: int, media: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": media, "content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _events(self, events: Iterator[str], mishap: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        if mishap == "gzip":
            self.send_header("content-encoding", "gzip")
            events = iter(["".join(events)])
        self.end_headers()
        for place, event in enumerate(events):
            if mishap == "cut" and place == 6:
                self.close_connection = True
                return
            if mishap == "error" and place == 6:
                self._chunk(f"event: error\n{_data({'type': 'error', 'error': {'type': 'overloaded_error'}})}".encode())
                break
            self._chunk(gzip.compress(event.encode(), mtime=0) if mishap == "gzip" else event.encode())
        self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that go away are what some tests are about."""


def serve() -> tuple[Fake, ThreadingHTTPServer]:
    """Start a server in a thread of its own; its `shutdown` and `server_close` end it."""
    fake = Fake()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": fake}))
    fake.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return fake, server
