"""A server that answers as Bedrock's runtime does, on the loopback, with streams in Amazon's binary encoding.

The model that is asked names a mishap after `!`: a status, or `cut`.
"""

import base64
import json
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

USAGE = {"inputTokens": 200, "outputTokens": 30, "totalTokens": 1230, "cacheReadInputTokens": 1000}
UNITS = {"input": 200, "cache_read": 1000, "output": 30}
COUNTS = {"x-amzn-bedrock-input-token-count": "12", "x-amzn-bedrock-output-token-count": "7"}
WORDS = ["one ", "two ", "three ", "four "]


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """Return a message of an event stream: lengths, headers and payload, with their checksums."""
    head = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + len(value).to_bytes(2, "big") + value.encode()
        for name, value in headers.items()
    )
    prelude = (16 + len(head) + len(payload)).to_bytes(4, "big") + len(head).to_bytes(4, "big")
    prelude += zlib.crc32(prelude).to_bytes(4, "big")
    whole = prelude + head + payload
    return whole + zlib.crc32(whole).to_bytes(4, "big")


def event(kind: str, payload: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Return an event of a stream."""
    told = {":message-type": "event", ":event-type": kind, ":content-type": "application/json"}
    return frame(told, json.dumps(payload).encode())


def conversed() -> list[bytes]:
    """Return the events of a streamed conversation."""
    return [
        event("messageStart", {"role": "assistant"}),
        *(event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}}) for word in WORDS),
        event("contentBlockStop", {"contentBlockIndex": 0}),
        event("messageStop", {"stopReason": "end_turn"}),
        event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 5}}),
    ]


def invoked() -> list[bytes]:
    """Return the events of a streamed answer of Anthropic's model, each in an envelope."""
    begun = {"id": "msg_b", "type": "message", "role": "assistant", "content": [], "model": "claude-x"}
    usage = {"input_tokens": 200, "cache_read_input_tokens": 1000, "cache_creation_input_tokens": 0, "output_tokens": 1}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": {**begun, "usage": usage}}]
    events.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for word in WORDS:
        delta = {"type": "text_delta", "text": word}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events.append({"type": "content_block_stop", "index": 0})
    events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 30}})
    metrics = {"inputTokenCount": 200, "outputTokenCount": 30, "cacheReadInputTokenCount": 1000}
    events.append({"type": "message_stop", "amazon-bedrock-invocationMetrics": metrics})
    return [event("chunk", {"bytes": base64.b64encode(json.dumps(each).encode()).decode()}) for each in events]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by what it overrides
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer as the path says."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        _, _, model, action = unquote(self.path).split("/")
        mishap = model.partition("!")[2]
        if mishap.isdecimal():
            self._send(int(mishap), {"x-amzn-ErrorType": "ThrottlingException"}, b'{"message": "no"}')
        elif action == "converse":
            said = {"message": {"role": "assistant", "content": [{"text": "".join(WORDS)}]}}
            body = {"output": said, "stopReason": "end_turn", "usage": USAGE, "metrics": {"latencyMs": 5}}
            self._send(200, {}, json.dumps(body).encode())
        elif action == "invoke":
            self._send(200, COUNTS, json.dumps({"results": [{"outputText": "".join(WORDS)}]}).encode())
        else:
            events = conversed() if action == "converse-stream" else invoked()
            self._stream(events[:4] if mishap == "cut" else events, whole=mishap != "cut")

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        self.send_header("x-amzn-requestid", "request-1")
        for name, value in {"content-type": "application/json", "content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, events: list[bytes], *, whole: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/vnd.amazon.eventstream")
        self.send_header("x-amzn-requestid", "request-2")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for each in events:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(each), each))
        if whole:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = not whole


def serve() -> tuple[str, ThreadingHTTPServer]:
    """Start a server in a thread of its own; its `shutdown` and `server_close` end it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}", server
