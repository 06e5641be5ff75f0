"""Marks: whether the price book of a store is the one it was, told without opening the database.

Whoever keeps a copy of the book asks this first. A mark is a text that changes whenever the book may have. Of a DuckDB
file it stands in a note beside it, with how the file looked when Outlay last let go of it: a file that looks otherwise
was changed by somebody else, or is in use, and has no mark. A ClickHouse server is asked, which takes one request.
"""

import json
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from urllib.parse import SplitResult, unquote
from uuid import uuid4

#: Records are never changed or deleted, so that their number and the newest of them tell one state from another.
_ASK = (
    "SELECT concat(toString(t.uuid), ' ', toString(p.records), ' ', coalesce(toString(p.newest), ''))"
    " FROM (SELECT count() AS records, max(recorded_at) AS newest FROM price) AS p"
    " CROSS JOIN (SELECT uuid FROM system.tables WHERE database = currentDatabase() AND name = 'price') AS t"
)
_TIMEOUT_S = 5
_PORT, _SECURE_PORT = 8123, 8443
_OPEN: dict[Path, "Watched"] = {}
_LOCK = Lock()


class Watched:
    """A DuckDB file that this process has open, once or several times; one process at a time can.

    Attributes:
        mark: What the mark will be when it is closed.
        times: How often it is open.
    """

    def __init__(self, path: Path) -> None:
        self.mark = mark_of_file(path) or uuid4().hex
        self._path = path
        self.times = 0

    @classmethod
    def take(cls, path: Path) -> "Watched":
        """Say that a file is about to be opened."""
        place = path.resolve()
        with _LOCK:
            held = _OPEN.setdefault(place, cls(place))
            held.times += 1
        return held

    def changed(self) -> None:
        """Say that its price book is about to change."""
        self.mark = uuid4().hex

    def let_go(self, *, opened: bool = True) -> None:
        """Say that it was closed, or could not be opened; who closes it last leaves the note."""
        with _LOCK:
            self.times -= 1
            if self.times:
                return
            _OPEN.pop(self._path, None)
        if not opened:
            return
        text = json.dumps({"price": self.mark, "file": _looks(self._path)})
        note = _note(self._path)
        with suppress(OSError):  # a folder that cannot be written to goes without
            if not note.is_file() or note.read_text(encoding="utf-8") != text:
                note.write_text(text, encoding="utf-8")

    def forget(self) -> None:
        """Say that it was deleted."""
        _note(self._path).unlink(missing_ok=True)


def mark_of_file(path: Path) -> str | None:
    """Return the mark of the price book in a DuckDB file; None when nothing is sure."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads(_note(path).read_text(encoding="utf-8"))
        if said["file"] == _looks(path):
            return str(said["price"])
    return None


def mark_of_server(parts: SplitResult) -> str | None:
    """Return the mark of the price book in a ClickHouse database; None when it does not answer."""
    database, secure = database_in(parts)
    from http.client import HTTPConnection, HTTPException, HTTPSConnection  # noqa: PLC0415 - only a server needs it

    kind, port = (HTTPSConnection, _SECURE_PORT) if secure else (HTTPConnection, _PORT)
    said = {"X-ClickHouse-User": parts.username, "X-ClickHouse-Key": parts.password}
    with suppress(OSError, ValueError, HTTPException):
        connection = kind(parts.hostname or "127.0.0.1", parts.port or port, timeout=_TIMEOUT_S)
        try:
            who = {name: unquote(value) for name, value in said.items() if value}
            connection.request("POST", f"/?database={database}&default_format=TSVRaw", _ASK, who)
            answer = connection.getresponse()
            return (answer.read().decode().strip() or None) if answer.status == HTTPStatus.OK else None
        finally:
            connection.close()
    return None


def database_in(parts: SplitResult) -> tuple[str, bool]:
    """Return which database a URL of ClickHouse names, and whether to ask for it over TLS.

    >>> from urllib.parse import urlsplit
    >>> database_in(urlsplit("clickhouse://db.example/costs?secure=1")), database_in(urlsplit("chdb:///tmp/x"))
    (('costs', True), ('outlay', False))
    """
    options = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    named = "" if parts.scheme == "chdb" else parts.path.strip("/")
    return options.get("database") or named or "outlay", options.get("secure") == "1"


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.marks")


def _looks(path: Path) -> list[list[int] | None]:
    """Return what of a file changes with its content, and of the log that DuckDB keeps beside it."""
    found: list[list[int] | None] = []
    for each in (path, path.with_name(f"{path.name}.wal")):
        try:
            about = each.stat()
            found.append([about.st_ino, about.st_mtime_ns, about.st_size])
        except FileNotFoundError:
            found.append(None)
    return found
