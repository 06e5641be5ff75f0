"""An exchange: one request to a provider and its answer, from the first byte sent to the last one read.

Comes in: what a transport or a client's events see, piece by piece. Goes out: one usage event, kept in the scope that
the request was made in; what it takes to understand the answer is done afterwards, in the background.
"""

import os
from collections.abc import Mapping
from contextvars import ContextVar, copy_context
from itertools import count
from time import perf_counter, time
from typing import Self

from outlay.sdk.instrument.hosts import Route
from outlay.sdk.instrument.reading.answer import HELD, Answer, document_of
from outlay.sdk.instrument.reading.told import told
from outlay.sdk.instrument.trouble import swallowed
from outlay.sdk.recording import keep

_SERVER_ERROR = 500
#: Exceptions of clients, by name, that say that nothing was sent: there was no connection to send it by.
_NEVER_SENT = frozenset(
    {
        *("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol", "LocalProtocolError"),
        *("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "SSLError", "NoCredentialsError"),
        *("ConnectionRefusedError", "gaierror", "InvalidURL"),
    }
)


class _Process:
    """What the names of this process's calls begin with; a fork goes on counting where its parent was."""

    id = 0
    name = ""


_places = count(1)
#: The call that was begun last in this task or thread: whoever repeats it does so there.
_call: ContextVar[int] = ContextVar("outlay_call", default=0)


def new_call() -> int:
    """Return the number of a new call: what a program wanted once, which its attempts share."""
    return next(_places)


def name_of(call: int) -> str:
    """Return the id of a call, which no other process has."""
    if _Process.id != os.getpid():
        _Process.id, _Process.name = os.getpid(), os.urandom(12).hex()
    return f"{_Process.name}{call:x}"


class Exchange:
    """One attempt. Whoever sees it calls `answered`, adds to `chunks`, and calls `ended` or `failed` once.

    As a context it ends as the block does: whole, closed when a stream is left before its end, or with what is raised.

    Args:
        route: Who is paid, and for what.
        body: The request as it is sent; None when that is not in memory.
        retry: How many attempts of the same call went before; None when the client does not say, so that each request
            is a call by itself.
        call: Number of the call, where the client's own events tell; else it is what ran before in the same context.

    Attributes:
        chunks: What came of the answer, as sent. Whoever adds to it calls `sift` when there is much.
        found: The counters of the answer, where the client has decoded them already.
    """

    __slots__ = (
        *(
            "answer",
            "attempt",
            "body",
            "call",
            "chunks",
            "complete",
            "error",
            "error_names",
            "found",
            "headers",
            "model",
        ),
        *("route", "scope", "size", "status", "time_s", "took_s", "_began", "_done"),
    )

    def __init__(self, route: Route, body: bytes | None, retry: int | None = None, call: int = 0) -> None:
        if not call:
            call = _call.get() if retry else 0
            if not call:
                call = new_call()
                if retry is not None:
                    _call.set(call)
        self.route = route
        self.call = call
        self.attempt = (retry or 0) + 1
        self.body = body
        self.model: str | None = None
        self.found: object = None
        self.scope = copy_context()
        self.chunks: list[bytes] = []
        self.answer: Answer | None = None
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.error: str | None = None
        self.error_names: frozenset[str] = frozenset()
        self.complete = False
        self.took_s = 0.0
        self._done = False
        self.time_s = time()
        self._began = perf_counter()

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Note that an answer begins.

        Args:
            status: HTTP status. A redirection is no attempt by itself; what follows it is.
            headers: Headers of the answer, by name in any case.
        """
        self.status = status
        self.headers = headers
        if 300 <= status < 400:  # noqa: PLR2004 - the redirections
            self._done = True

    def sift(self) -> None:
        """Let go of what came so far, except what may be needed."""
        try:
            if self.answer is None:
                self.answer = Answer(self.headers)
            data = b"".join(self.chunks)
            self.chunks.clear()
            self.answer.sift(data)
        except Exception:  # noqa: BLE001 - law 12
            self.chunks.clear()
            swallowed("sifting an answer")

    def __enter__(self) -> Self:
        """Pass the answer on from here."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: object) -> None:
        """Note how the answer ended; what is raised goes on."""
        if error is None:
            self.ended()
        elif isinstance(error, GeneratorExit):
            self.ended("closed")
        else:
            self.failed(error)

    def forget(self) -> None:
        """Keep nothing: nobody is paid for it."""
        self._done = True

    def failed(self, error: BaseException) -> None:
        """Note that it ended with an exception, and keep what is known."""
        names = frozenset(kind.__name__ for kind in _kinds(error))
        self.error_names = names
        self.ended(type(error).__name__)

    def ended(self, error: str | None = None, *, complete: bool = False) -> None:
        """Keep the event; what comes later changes nothing.

        Args:
            error: Short name of what went wrong; None when everything was read.
            complete: Whether it was done all the same, and is paid.
        """
        if self._done:
            return
        self._done = True
        self.took_s = perf_counter() - self._began
        self.complete = complete or error is None
        self.error = error
        if self.body is not None and len(self.body) > HELD << 2:
            self.body = b"%b %b" % (self.body[:HELD], self.body[-HELD:])
        size = sum(map(len, self.chunks)) + (len(self.body) if self.body else 0)
        try:
            self.scope.run(keep, {}, self._told, size)
        except Exception:  # noqa: BLE001 - law 12
            swallowed("keeping an event")

    @property
    def state(self) -> str:
        """Return how it ended as far as that decides whether something is paid, but for what the answer says."""
        if self.status is None:
            return "not_sent" if self.error_names & _NEVER_SENT else "unknown"
        if self.status >= _SERVER_ERROR:
            # Overloaded servers turn away before any work. Of other failures nobody knows what they had done.
            return "refused" if self.status in {501, 503, 529} else "unknown"
        if self.status >= 400:  # noqa: PLR2004 - the refusals
            return "refused"
        return "complete" if self.complete else "partial"

    def _told(self) -> dict[str, object]:
        """Understand what happened. Run in the background."""
        try:
            if self.answer is None and self.found is None:
                self.found = document_of(self.chunks)
            if self.found is None:
                self.sift()
            event, others = told(self, name_of(self.call))
            for other in others:
                self.scope.run(keep, other)
        except Exception:  # noqa: BLE001 - law 12: what is known at least is said
            swallowed("reading an answer")
            event = {"provider": self.route.provider, "model": self.route.model, "state": self.state}
        finally:
            self.chunks.clear()
            self.body = self.found = None
        return event


def _kinds(error: BaseException) -> list[type]:
    """Return the classes of an exception and of what caused it."""
    found: list[type] = []
    at: BaseException | None = error
    while at is not None and len(found) < 100:  # noqa: PLR2004 - causes may go in a circle
        found += type(at).__mro__
        at = at.__cause__ or at.__context__
    return found
