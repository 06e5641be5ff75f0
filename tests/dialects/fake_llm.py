"""A server that answers as OpenAI and Anthropic do, on the loopback interface, with usage that is known beforehand.

Every answer has an id of its own, counted from 1. What is asked does not matter, except for a few models:
`refuse-429` is turned away, `break-500` fails.
"""

import json
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Self

_Json = dict[str, object]
#: 1,200 tokens asked, 1,000 of them from the cache; 300 answered, 128 of them reasoning.
CHAT_USAGE: _Json = {
    "prompt_tokens": 1200,
    "completion_tokens": 300,
    "total_tokens": 1500,
    "prompt_tokens_details": {"cached_tokens": 1000, "audio_tokens": 0, "cache_write_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 128,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
RESPONSE_USAGE: _Json = {
    "input_tokens": 1200,
    "input_tokens_details": {"cached_tokens": 1000, "cache_write_tokens": 0},
    "output_tokens": 300,
    "output_tokens_details": {"reasoning_tokens": 128},
    "total_tokens": 1500,
}
#: 200 tokens asked, 456 written to the cache, 1,000 read from it; 300 answered; two searches of the web.
MESSAGE_USAGE: _Json = {
    "input_tokens": 200,
    "cache_creation_input_tokens": 456,
    "cache_read_input_tokens": 1000,
    "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 56},
    "output_tokens": 300,
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
    "service_tier": "standard",
}
_EMBEDDING_TOKENS = 8
_Event = tuple[str, _Json]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    numbers: Iterator[int]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer by path."""
        asked = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        path, model = self.path.partition("?")[0], str(asked.get("model", ""))
        if model == "refuse-429":
            self._answer({"error": {"message": "slow down", "type": "rate_limit_error"}}, 429)
        elif model == "break-500":
            self._answer({"error": {"message": "broken", "type": "server_error"}}, 500)
        elif path.endswith("/chat/completions"):
            self._chat(asked, f"chatcmpl-{next(self.numbers)}")
        elif path.endswith("/responses"):
            self._response(asked, f"resp_{next(self.numbers)}")
        elif path.endswith("/embeddings"):
            usage = {"prompt_tokens": _EMBEDDING_TOKENS, "total_tokens": _EMBEDDING_TOKENS}
            data = [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}]
            self._answer({"object": "list", "model": "text-embedding-3-small", "data": data, "usage": usage})
        elif path.endswith("/messages"):
            self._message(asked, f"msg_{next(self.numbers)}")
        else:
            self._answer({"error": {"message": "no such path", "type": "invalid_request_error"}}, 404)

    def _chat(self, asked: Mapping[str, object], ident: str) -> None:
        whole: _Json = {
            "id": ident,
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4o-2024-08-06",
            "service_tier": "default",
            "system_fingerprint": "fp",
        }
        if not asked.get("stream"):
            said = {"role": "assistant", "content": "hi", "refusal": None}
            choice = {"index": 0, "message": said, "finish_reason": "stop", "logprobs": None}
            self._answer({**whole, "choices": [choice], "usage": CHAT_USAGE})
            return
        whole["object"] = "chat.completion.chunk"
        first = {"index": 0, "delta": {"role": "assistant", "content": "hi"}, "finish_reason": None}
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        events: list[_Event] = [("", {**whole, "choices": [choice], "usage": None}) for choice in (first, last)]
        options = asked.get("stream_options")
        if isinstance(options, dict) and options.get("include_usage"):
            events.append(("", {**whole, "choices": [], "usage": CHAT_USAGE}))
        self._stream(events, done=True)

    def _response(self, asked: Mapping[str, object], ident: str) -> None:
        text = {"type": "output_text", "text": "hi", "annotations": []}
        message = {"type": "message", "id": "m-1", "status": "completed", "role": "assistant", "content": [text]}
        whole: _Json = {
            "id": ident,
            "object": "response",
            "created_at": 1,
            "status": "completed",
            "model": "gpt-4o-2024-08-06",
            "output": [message],
            "usage": RESPONSE_USAGE,
            "service_tier": "default",
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "metadata": {},
            "temperature": 1,
            "top_p": 1,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
        }
        if not asked.get("stream"):
            self._answer(whole)
            return
        begun = {**whole, "status": "in_progress", "usage": None, "output": []}
        where = {"item_id": "m-1", "output_index": 0}
        begins = {**message, "status": "in_progress", "content": []}
        kinds: list[_Json] = [
            {"type": "response.created", "response": begun},
            {"type": "response.output_item.added", "output_index": 0, "item": begins},
            {"type": "response.content_part.added", **where, "content_index": 0, "part": {**text, "text": ""}},
            {"type": "response.output_text.delta", **where, "content_index": 0, "delta": "hi", "logprobs": []},
            {"type": "response.output_text.done", **where, "content_index": 0, "text": "hi", "logprobs": []},
            {"type": "response.content_part.done", **where, "content_index": 0, "part": text},
            {"type": "response.output_item.done", "output_index": 0, "item": message},
            {"type": "response.completed", "response": whole},
        ]
        self._stream([(str(kind["type"]), {**kind, "sequence_number": n}) for n, kind in enumerate(kinds)])

    def _message(self, asked: Mapping[str, object], ident: str) -> None:
        whole: _Json = {
            "id": ident,
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5-20250929",
            "content": [{"type": "text", "text": "hi"}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": MESSAGE_USAGE,
        }
        if not asked.get("stream"):
            self._answer(whole)
            return
        first = {name: value for name, value in MESSAGE_USAGE.items() if name != "server_tool_use"} | {
            "output_tokens": 1
        }
        last = {name: MESSAGE_USAGE[name] for name in MESSAGE_USAGE if name not in ("cache_creation", "service_tier")}
        begun = {**whole, "content": [], "stop_reason": None, "usage": first}
        kinds: list[_Json] = [
            {"type": "message_start", "message": begun},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": last},
            {"type": "message_stop"},
        ]
        self._stream([(str(kind["type"]), kind) for kind in kinds])

    def _answer(self, body: Mapping[str, object], status: int = 200) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.send_header("request-id", "req_1")
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, events: list[_Event], *, done: bool = False) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.send_header("request-id", "req_1")
        self.end_headers()
        for name, event in events:
            head = f"event: {name}\n" if name else ""
            self.wfile.write(f"{head}data: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()
        if done:
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True


class FakeLlm:
    """The server, running from `with` to its end.

    >>> with FakeLlm() as llm:
    ...     llm.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(self) -> None:
        handler = type("Handler", (_Handler,), {"numbers": count(1)})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
