"""A collector for tests: a real server on loopback that keeps what it gets, and misbehaves in the way it is told."""

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import Any

import outlay


class FakeCollector:
    """What arrived, and how to answer.

    `mode` is one of `up`, a status as text, `garbage`, `half` (closes in the middle of its answer), `hang` (never
    answers), `drip` (a byte now and then), or a function from the decoded events to (status, headers, body).
    """

    def __init__(self) -> None:
        self.mode: Any = "up"
        self.headers: dict[str, str] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.requests: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.released = Event()
        self._changed = Condition()

    def take(self, events: list[dict[str, Any]]) -> dict[str, object]:
        """Keep events as the collector does: by id, each once."""
        fresh = [event for event in events if event["id"] not in self.events]
        self.events |= {event["id"]: event for event in fresh}
        return {"accepted": len(fresh), "duplicates": len(events) - len(fresh), "conflicts": [], "problems": []}

    def noticed(self, request: dict[str, Any], raw: bytes) -> None:
        """Remember a request."""
        with self._changed:
            self.requests.append(request)
            self.raw.append(raw)
            self._changed.notify_all()

    def wait_for_requests(self, count: int, within_s: float = 20) -> None:
        """Wait until so many requests have come."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= count, within_s), self.requests


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeCollector

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Take a request and answer it as the mode says."""
        data = self.rfile.read(int(self.headers["Content-Length"]))
        raw = gzip.decompress(data)
        request: dict[str, Any] = {
            "path": self.path,
            "peer": self.client_address,
            **{k.lower(): v for k, v in self.headers.items()},
        }
        json_body = self.path.endswith("/v1/events")
        events = [json.loads(line) for line in raw.splitlines()] if json_body else []
        mode = self.fake.mode
        request["mode"], request["count"] = mode if isinstance(mode, str) else "asked", len(events)
        self.fake.noticed(request, raw)
        status = 200
        headers: dict[str, str] = {}
        body = b""
        answer: Any = mode(events) if callable(mode) else None
        if answer is not None:
            status, headers, body = answer
        elif mode == "up":
            body = json.dumps(self.fake.take(events)).encode() if json_body else b""
        elif mode.isdecimal():
            status, headers, body = int(mode), self.fake.headers, b'{"detail": "no"}'
        elif mode == "garbage":
            body = b"<html>welcome to the hotel</html>"
        else:
            self._misbehave(mode)
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _misbehave(self, mode: str) -> None:
        self.close_connection = True
        if mode == "half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
        elif mode == "drip":
            with suppress(OSError):
                for byte in b"HTTP/1.1 200 OK\r\n" * 1000:
                    self.wfile.write(bytes([byte]))
                    if self.fake.released.wait(0.05):
                        return
        else:
            self.fake.released.wait(60)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that goes away is what these tests are about."""


@contextmanager
def collector(mode: Any = "up", port: int = 0) -> Iterator[tuple[FakeCollector, str]]:  # noqa: ANN401 - see the class
    """Yield a collector that runs, and its address."""
    fake = FakeCollector()
    fake.mode = mode
    server = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"fake": fake}))
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        fake.released.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def refusing() -> Iterator[str]:
    """Yield an address where nobody listens: its port is taken, and closed."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@contextmanager
def deaf() -> Iterator[str]:
    """Yield an address whose queue is full: connecting to it is never answered, as through a black hole."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(0)
        others = [socket.socket() for _ in range(4)]
        try:
            for other in others:
                other.settimeout(0)
                with suppress(BlockingIOError):
                    other.connect(held.getsockname())
            yield f"http://127.0.0.1:{held.getsockname()[1]}"
        finally:
            for other in others:
                other.close()


@contextmanager
def configured(**settings: Any) -> Iterator[Callable[[], dict[str, int]]]:  # noqa: ANN401 - those of configure
    """Send as the settings say, quickly, and yield what tells the losses since then; forget it all at the end."""
    before = outlay.drops()
    outlay.configure(**{"every_s": 0.01, "spool": False, **settings})

    def lost() -> dict[str, int]:
        now = {reason: count - before.get(reason, 0) for reason, count in outlay.drops().items()}
        return {reason: count for reason, count in now.items() if count}

    try:
        yield lost
    finally:
        outlay.configure()
