"""Address: where the server listens, and the note beside a DuckDB file that says so.

Comes in: a host and port. Goes out: a bound socket, or a refusal that says what to do.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EADDRINUSE
from pathlib import Path

from outlay.errors import BadInput, EngineFailed, Refused
from outlay.store import Store

_LAST_PORT = 65535
_BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address, on which connections may come.

    Args:
        host: A name or address.
        port: The port; 0 takes a free one.

    Raises:
        Refused: The port is taken or may not be had.
    """
    if not 0 <= port <= _LAST_PORT:
        raise BadInput(f"{port} is not a port", fix=f"use --port with a number from 1 to {_LAST_PORT}")
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(_BACKLOG)  # who comes before the app is up waits a moment, and is served
    except OSError as error:
        bound.close()
        if error.errno == EADDRINUSE:
            raise Refused(
                f"port {port} of {host} is in use, perhaps by another `outlay serve`",
                fix=f"stop that one, or choose another port, for example --port {port % _LAST_PORT + 1}",
                code="port-in-use",
            ) from error
        raise Refused(
            f"cannot listen on port {port} of {host}: {error.strerror}", fix="choose another port with --port"
        ) from error
    return bound


def url_of(bound: socket.socket) -> str:
    """Return the URL of what listens on a socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def announced(store: Store, url: str | None, token: str) -> Iterator[None]:
    """Keep `<file>.address` beside a DuckDB file for as long as the block lasts: the URL, and a token to administer.

    One process owns such a file; a command that finds it held can read there whom to ask instead. Only the owner of the
    file can read it.

    Raises:
        EngineFailed: The note cannot be written.
    """
    path = getattr(store, "path", None)
    if url is None or not isinstance(path, Path):
        yield
        return
    note = path.with_name(f"{path.name}.address")
    try:
        note.unlink(missing_ok=True)
        with os.fdopen(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(f"{url}\n{token}\n")
    except OSError as error:
        raise EngineFailed(f"cannot write {note}: {error.strerror}", fix="make its folder writable") from error
    try:
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)
