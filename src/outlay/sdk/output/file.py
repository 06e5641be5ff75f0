"""File: lines appended to a file that several threads and processes may share."""

import os
from _thread import RLock  # reentrant: a signal handler may record while its thread does

#: A pipe that nobody reads is refused instead of waited for; a link is followed, a terminal does not become ours.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


class File:
    """A file that lines are appended to, each by one write, so that none mixes with another's.

    Args:
        path: It is opened with the first line, and made readable by its owner only.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = RLock()
        self._opened: int | None = None
        self._torn = False

    def append(self, line: bytes) -> None:
        """Append a line; raises OSError when the disk did not take it all."""
        with self._lock:
            if self._opened is None:
                self._opened = os.open(self.path, _FLAGS, 0o600)
            # After half a line, ours must not become the other half.
            whole = b"\n" + line if self._torn else line
            written = os.write(self._opened, whole)
            self._torn = written < len(whole) and (written > 0 or self._torn)
            if written != len(whole):
                raise OSError("the disk took half a line")

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        with self._lock:
            if self._opened is not None:
                os.close(self._opened)
                self._opened = None

    def after_fork(self) -> None:
        """Let a child go on with the same file: another thread of its parent may have held the lock."""
        self._lock = RLock()
