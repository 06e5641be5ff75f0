"""A receiver of telemetry on the loopback interface: it answers as a collector does and keeps what was sent.

Whoever sends says `POST /begin/<scenario>` first; what follows belongs to that scenario.
"""

import gzip
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Self

from outlay.capture.telemetry import answer

_KINDS = {"traces": "traces", "logs": "logs", "metrics": "metrics", "litellm": "litellm"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request.

    Args:
        scenario: What it belongs to.
        kind: `traces`, `logs`, `metrics` or `litellm`.
        media: `protobuf` or `json`.
        body: What was sent, unpacked.
    """

    scenario: str
    kind: str
    media: str
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: "Receiver"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""

    def do_POST(self) -> None:
        """Keep what is sent to a path that is known."""
        body = self._body()
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        media = "protobuf" if "protobuf" in self.headers.get("content-type", "") else "json"
        _, _, name = self.path.rpartition("/")
        if "/begin/" in self.path:
            self.receiver.scenario = name
            self._reply(b"", media)
        elif name in _KINDS:
            self.receiver.keep(Sent(self.receiver.scenario, name, media, body))
            self._reply(answer(name, media, []), media)
        else:
            self.send_error(404)

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        found = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _reply(self, content: bytes, media: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf" if media == "protobuf" else "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Receiver:
    """The receiver, running from `with` to its end; `sent` holds what came."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": self}))
        self._server.daemon_threads = True
        self._lock = Lock()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.scenario = ""
        self.sent: list[Sent] = []

    def keep(self, sent: Sent) -> None:
        """Keep one request."""
        with self._lock:
            self.sent.append(sent)

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
