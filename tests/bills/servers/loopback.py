"""A vendor on this machine: a real HTTP server on a free port, whose clock and moods tests choose."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Protocol
from urllib.parse import parse_qsl

#: What the vendors' clocks say unless a test says otherwise.
TODAY = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Request:
    """A request as it arrived. `params` are in order, as a name may come more than once."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return the values of a parameter, whichever way its brackets are written."""
        return [value for key, value in self.params if key.removesuffix("[]") == name.removesuffix("[]")]

    def one(self, name: str) -> str | None:
        """Return the value of a parameter; None when it is absent."""
        return next(iter(self.all(name)), None)


@dataclass(frozen=True)
class Reply:
    """What is answered: a document, or text as it stands; cut short after so many bytes."""

    document: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    kind: str = "application/json"
    cut: int | None = None


class Vendor(Protocol):
    """What answers requests."""

    def answer(self, request: Request) -> Reply:
        """Return what is answered."""


@dataclass
class Moods:
    """What a vendor does before it does its work: each mood is answered once, in order.

    Args:
        coming: The replies.
        after: How many requests are answered well before them.
    """

    coming: list[Reply] = field(default_factory=list)
    after: int = 0

    def next(self) -> Reply | None:
        """Return the next mood; None when it is well."""
        if self.after > 0:
            self.after -= 1
            return None
        return self.coming.pop(0) if self.coming else None


@dataclass
class Running:
    """A server that runs.

    Args:
        url: Its address.
        heard: Every request, in order.
        moods: What it answers instead of its work.
        clock: What it says the time is.
    """

    url: str
    moods: Moods = field(default_factory=Moods)
    clock: datetime = TODAY
    heard: list[Request] = field(default_factory=list)


@contextmanager
def serving(vendor: Vendor) -> Iterator[Running]:
    """Run a vendor on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, path, _params(query), headers, body)
            running.heard.append(request)
            self._write(running.moods.next() or vendor.answer(request))

        def _write(self, reply: Reply) -> None:
            text = json.dumps(reply.document) if reply.text is None else reply.text
            data = text.encode()
            self.send_response(reply.status)
            for name, value in {"content-type": reply.kind, "content-length": str(len(data)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data if reply.cut is None else data[: reply.cut])
            if reply.cut is not None:
                self.close_connection = True

        def date_time_string(self, *_: object) -> str:
            return format_datetime(running.clock, usegmt=True)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running = Running(f"http://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _params(query: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query, keep_blank_values=True))
