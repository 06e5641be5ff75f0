"""Connection: one HTTP connection that is kept, and that never waits longer than a blink without asking whether to.

Its socket does not block: every wait (to connect, for TLS, to send, for the answer) is a row of short ones, and between
them the owner may look after other things or give up. Only the look-up of a host's name cannot be cut short.
"""

import io
import select
import socket
import ssl
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from time import monotonic
from typing import cast
from urllib.parse import urlsplit

from outlay.sdk.output.giving_up import Away

_BLINK_S = 0.05
_CONNECT_S = 3
_LONGEST_ANSWER = 1 << 20
#: What `connect_ex` says while it is under way; the last is Windows's way to say it.
_UNDER_WAY = (0, 11, 36, 115, 10035)


class Answer:
    """What came back.

    Args:
        status: HTTP status.
        headers: Names in lower case.
        body: At most one MiB of it.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class Connection:
    """A connection to one address, made when first needed and again when it broke.

    Args:
        url: Where requests go, `http://` or `https://`; ValueError when it is neither.
        timeout_s: Longest wait for one answer, in seconds.
        tick: Called between short waits; it says whether there is more to do meanwhile, and what it raises ends the
            request.
    """

    def __init__(self, url: str, timeout_s: float, tick: Callable[[], bool]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{parts.scheme}://{parts.hostname} is no address")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port or (443 if self._secure else 80)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout_s = timeout_s
        self._tick = tick
        self._context: ssl.SSLContext | None = None
        self._http = HTTPConnection(self._host, self._port)
        "x".encode("idna")  # loads what looking up a name needs, before a fork could find it half loaded

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request and return its answer; raises `Away` when there is none, and what `tick` raises."""
        kept = self._http.sock is not None and not _closed_by_peer(self._http.sock)
        try:
            try:
                return self._asked(body, headers, again=kept)
            except (OSError, HTTPException):
                if not kept:
                    raise
                self.close()  # it was closed just as we asked; every event has its id, so asking again is safe
                return self._asked(body, headers, again=False)
        except (OSError, HTTPException, ValueError) as error:
            self.close()
            raise Away(f"{type(error).__name__}: {error}") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; the next request makes a new one."""
        self._http.close()

    def _asked(self, body: bytes, headers: Mapping[str, str], *, again: bool) -> Answer:
        until_s = monotonic() + self._timeout_s
        if not again:
            self.close()
            patient = _Patient(self._connected(), self._tick)
            self._http.sock = cast(socket.socket, patient)
        cast(_Patient, self._http.sock).until_s = until_s
        self._http.request("POST", self._path, body, dict(headers))
        response: HTTPResponse = self._http.getresponse()
        found = response.read(_LONGEST_ANSWER)
        if response.will_close or not response.isclosed():
            self.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, found)

    def _connected(self) -> socket.socket:
        error: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(self._host, self._port, 0, socket.SOCK_STREAM):
            found = socket.socket(family, kind, protocol)
            try:
                return self._reached(found, address)
            except OSError as reason:
                found.close()
                error = reason
            except BaseException:
                found.close()
                raise
        raise error or OSError("the name has no address")

    def _reached(self, found: socket.socket, address: object) -> socket.socket:
        found.settimeout(0)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until_s = monotonic() + min(_CONNECT_S, self._timeout_s)
        state = found.connect_ex(cast(tuple[str, int], address))
        if state not in _UNDER_WAY:
            raise OSError(state, "cannot connect")
        _wait(found, until_s, self._tick, write=True)
        state = found.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if state:
            raise OSError(state, "cannot connect")
        if not self._secure:
            return found
        self._context = self._context or ssl.create_default_context()
        wrapped = self._context.wrap_socket(found, server_hostname=self._host, do_handshake_on_connect=False)
        try:
            self._shaken(wrapped, until_s)
        except BaseException:
            wrapped.close()  # it has taken over the descriptor; closing what it was made of would do nothing
            raise
        return wrapped

    def _shaken(self, wrapped: ssl.SSLSocket, until_s: float) -> None:
        while True:
            try:
                wrapped.do_handshake()
            except ssl.SSLWantReadError:
                _wait(wrapped, until_s, self._tick)
            except ssl.SSLWantWriteError:
                _wait(wrapped, until_s, self._tick, write=True)
            else:
                return


class _Patient:
    """A socket as `http.client` uses one, over a socket that does not block."""

    def __init__(self, inner: socket.socket, tick: Callable[[], bool]) -> None:
        self.inner = inner
        self.tick = tick
        self.until_s = 0.0
        self.readers = 0
        self.is_closed = False

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        left = memoryview(data)
        while left:
            try:
                left = left[self.inner.send(left) :]
            except ssl.SSLWantReadError:
                _wait(self.inner, self.until_s, self.tick)
            except (BlockingIOError, ssl.SSLWantWriteError):
                _wait(self.inner, self.until_s, self.tick, write=True)

    def makefile(self, *_: object) -> io.BufferedReader:
        """Return a reader of one answer, whose end does not close the connection."""
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Close the socket, once nobody reads from it any more: an answer may outlive what `http.client` holds."""
        self.is_closed = True
        if not self.readers:
            self.inner.close()


class _Reader(io.RawIOBase):
    def __init__(self, patient: _Patient) -> None:
        self._patient = patient
        patient.readers += 1

    def close(self) -> None:
        if not self.closed:
            self._patient.readers -= 1
            if self._patient.is_closed:
                self._patient.close()
        super().close()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # wider in the stubs than it is called
        patient = self._patient
        while True:
            if monotonic() > patient.until_s:
                raise TimeoutError("the answer takes too long")
            try:
                return patient.inner.recv_into(buffer)
            except (BlockingIOError, ssl.SSLWantReadError):
                _wait(patient.inner, patient.until_s, patient.tick)
            except ssl.SSLWantWriteError:
                _wait(patient.inner, patient.until_s, patient.tick, write=True)


def _wait(found: socket.socket, until_s: float, tick: Callable[[], bool], *, write: bool = False) -> None:
    """Wait until a socket is ready, a blink at a time."""
    while True:
        busy = tick()
        left_s = until_s - monotonic()
        if left_s <= 0:
            raise TimeoutError("it takes too long")
        if _ready(found, 0 if busy else min(left_s, _BLINK_S), write=write):
            return


def _ready(found: socket.socket, for_s: float, *, write: bool = False) -> bool:
    """Say whether a socket is ready within a time; by `poll`, for which a high descriptor is no trouble."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(found, select.POLLOUT if write else select.POLLIN)
        return bool(poll.poll(int(for_s * 1000)))
    reading, writing, failing = select.select([] if write else [found], [found] if write else [], [found], for_s)
    return bool(reading or writing or failing)


def _closed_by_peer(kept: object) -> bool:
    """Say whether a connection nobody asked on has something to read: its end, or nonsense."""
    return _ready(cast(_Patient, kept).inner, 0)
