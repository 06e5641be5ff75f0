"""Spool: a folder where events wait on disk while nobody takes them; bounded, private, shared by processes.

    <time>-<process>-<chance>.part     being written by a process, a flush at a time
    <time>-<process>-<chance>.ndjson   complete, for whoever comes first
    ....<chance>.claim                 taken by a process, by renaming, to be sent
    ....corrupt                        set aside: no usage events

Renaming is atomic, so one process gets a file. What a process left behind when it was killed is taken over after five
minutes without a sign of life; should it be sent twice, the ids of its events make them count once.
"""

import json
import os
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_ABANDONED_S = 300
#: A process does not go on with a file that has been quiet for so long: another may be about to take it over.
_GOES_ON_S = 120
_LARGEST = 1 << 20
_LOOKS_AGAIN_S = 5
_WAIT = (".ndjson", ".claim", ".part")
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


class Full(OSError):
    """The folder holds as much as it may."""


class Spool:
    """A folder of events for one receiver.

    Args:
        folder: Made when first needed, for its owner only.
        most_bytes: What it may hold.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self._most = most_bytes
        self._part: tuple[Path, int] | None = None
        self._size = 0
        self._written_s = 0.0
        self._held: tuple[float, int] | None = None

    def append(self, lines: Iterable[bytes]) -> None:
        """Write lines down by one write; raises OSError, with nothing written, when that cannot be done."""
        data = b"".join(lines)
        if self._bytes() + len(data) > self._most:
            raise Full(f"{self.folder} holds {self._most:,} bytes")
        if self._part and (self._size + len(data) > _LARGEST or time.monotonic() - self._written_s > _GOES_ON_S):
            self.roll()
        if self._part is None:
            self._open()
        descriptor = self._part[1] if self._part else -1
        written = os.write(descriptor, data)
        if written != len(data):
            os.ftruncate(descriptor, self._size)
            raise OSError("the disk took half of it")
        self._size += written
        self._written_s = time.monotonic()
        self._held = (self._held[0], self._held[1] + written) if self._held else None

    def roll(self) -> None:
        """Complete the file that is being written, so that it can be taken."""
        if self._part is not None:
            (path, descriptor), self._part = self._part, None
            os.close(descriptor)
            with suppress(OSError):
                path.rename(path.with_suffix(".ndjson"))

    def claim(self) -> tuple[Path, list[bytes], int] | None:
        """Take the oldest file there is; return its path, its lines, and how many pieces were no events."""
        self.roll()
        for path in sorted(self._files()):
            if self._is_free(path):
                with suppress(OSError):
                    os.utime(path)  # the sign of life of whoever claims it
                    return self._read(path.rename(_stem(path, f".{os.urandom(4).hex()}.claim")))
        return None

    def release(self, path: Path) -> None:
        """Put a claimed file back for whoever comes next."""
        with suppress(OSError):
            path.rename(_stem(path, ".ndjson"))

    def remove(self, path: Path) -> None:
        """Remove a claimed file, whose events were taken."""
        self._held = None
        with suppress(OSError):
            path.unlink()

    def waits(self) -> bool:
        """Say whether something is there to be sent."""
        return self._part is not None or any(map(self._is_free, self._files()))

    def after_fork(self) -> None:
        """Leave the parent's file to the parent."""
        if self._part is not None:
            os.close(self._part[1])
            self._part = None

    def _files(self) -> list[Path]:
        try:
            return [path for path in self.folder.iterdir() if path.suffix in _WAIT]
        except OSError:
            return []

    def _is_free(self, path: Path) -> bool:
        if path.suffix == ".ndjson":
            return True
        if self._part is not None and path == self._part[0]:
            return False
        try:
            return time.time() - path.lstat().st_mtime > _ABANDONED_S
        except OSError:
            return False

    def _open(self) -> None:
        if not self.folder.is_dir():
            for above in reversed(self.folder.parents):
                above.mkdir(0o700, exist_ok=True)  # `parents=True` would make them for everybody
            self.folder.mkdir(0o700, exist_ok=True)
        found = self.folder.lstat()
        if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o022):
            raise PermissionError(f"{self.folder} belongs to others")
        path = self.folder / f"{time.time_ns():020d}-{os.getpid()}-{os.urandom(4).hex()}.part"
        self._part, self._size = (path, os.open(path, _FLAGS, 0o600)), 0

    def _bytes(self) -> int:
        """Return what the folder holds, of all processes, as it was a few seconds ago at most."""
        now_s = time.monotonic()
        if self._held is None or now_s - self._held[0] > _LOOKS_AGAIN_S:
            held = 0
            with suppress(OSError), os.scandir(self.folder) as entries:
                for entry in entries:
                    with suppress(OSError):
                        held += entry.stat(follow_symlinks=False).st_size
            self._held = now_s, held
        return self._held[1]

    def _read(self, path: Path) -> tuple[Path, list[bytes], int]:
        """Return the whole lines of a claimed file; what is no event is set aside."""
        with path.open("rb") as file:
            data = file.read(self._most)
        *whole, torn = data.split(b"\n")
        good = [line + b"\n" for line in whole if _is_event(line)]
        bad = [line for line in whole if line and not _is_event(line)] + ([torn] if torn else [])
        if bad:
            with suppress(OSError):
                descriptor = os.open(_stem(path, ".corrupt"), _FLAGS, 0o600)
                with os.fdopen(descriptor, "wb") as aside:
                    aside.write(b"\n".join(bad)[:_LARGEST] + b"\n")
        return path, good, len(bad)


def _stem(path: Path, suffix: str) -> Path:
    """Return a path with another word for what its file is for now."""
    return path.with_name(path.name.partition(".")[0] + suffix)


def _is_event(line: bytes) -> bool:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and isinstance(found.get("id"), str)
