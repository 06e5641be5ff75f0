"""Journal: what has been acknowledged and is not in the store yet, in files that are written and synced before that.

A segment is a file of rows of `usage`, one line of JSON each, named by its number. One is being written; the closed
ones wait to be filed. Several batches are written with one `fdatasync`.
"""

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from errno import EDQUOT, EFBIG, ENOSPC
from hashlib import sha256
from pathlib import Path

from outlay.errors import EngineFailed
from outlay.store import Store

_SUFFIX = ".ndjson"
#: What a system says when there is no room: on the disk, for this user, in this file.
_FULL = {ENOSPC, EDQUOT, EFBIG}
_OPEN = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class Journal:
    """The journal in one folder, which one process owns at a time.

    Args:
        folder: Made when it does not exist, for its owner only.

    Raises:
        EngineFailed: The folder cannot be used, or another process owns it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _failed(folder, error) from error
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._held)
            raise EngineFailed(
                f"{folder} is in use by another collector",
                fix="stop that one, or give this one a journal of its own with --journal",
                code="journal-held",
            ) from error
        self._waiting = {path: path.stat().st_size for path in sorted(folder.glob(f"*{_SUFFIX}")) if _mended(path)}
        self.number = 1 + max((number_of(path) for path in self._waiting), default=self._last_number())
        self._active: int | None = None
        self._written = 0

    def write(self, lines: Sequence[bytes]) -> None:
        """Append lines to the segment being written, and return when the disk has them.

        Raises:
            EngineFailed: It has not; the segment is as it was.
        """
        try:
            if self._active is None:
                self._begin()
            assert self._active is not None  # noqa: S101 - begun above
            rest = memoryview(b"".join(lines))
            size = len(rest)
            while rest:
                rest = rest[os.write(self._active, rest) :]
            os.fdatasync(self._active)
            self._written += size
        except OSError as error:
            self._undo()
            raise _failed(self.folder, error) from error

    def close_segment(self) -> None:
        """Let what was written wait to be filed; the next line begins another segment."""
        if self._active is not None:
            os.close(self._active)
            self._active = None
        if self._written:
            self._waiting[self._path(self.number)] = self._written
        self.number, self._written = self.number + 1, 0

    @property
    def waiting(self) -> list[Path]:
        """Return the closed segments, the oldest first."""
        return list(self._waiting)

    @property
    def size(self) -> int:
        """Return how many bytes are not filed yet."""
        return self._written + sum(self._waiting.copy().values())

    @property
    def active(self) -> bool:
        """Say whether something has been written since a segment was closed."""
        return self._written > 0

    def forget(self, segment: Path) -> None:
        """Remove a segment that the store holds now."""
        self._remember_number()
        segment.unlink()
        self._waiting.pop(segment)

    def close(self) -> None:
        """Close the segment being written, and let go of the folder."""
        self.close_segment()
        os.close(self._held)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012}{_SUFFIX}"

    def _begin(self) -> None:
        self._active = os.open(self._path(self.number), _OPEN, 0o600)
        folder = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # else a new file may be gone after a loss of power, with all that is in it
        finally:
            os.close(folder)

    def _undo(self) -> None:
        """Cut off what a failed write left, so that nobody takes it for acknowledged or joins the next line to it."""
        if self._active is None:
            return
        with suppress(OSError):
            os.ftruncate(self._active, self._written)
            return
        # What cannot be cut is left to `_mended`; nothing is written behind it.
        with suppress(OSError):
            self.close_segment()

    def _last_number(self) -> int:
        """Return the number up to which segments were used, when none is left to tell."""
        with suppress(OSError, ValueError):
            return int(os.pread(self._held, 32, 0) or 0)
        return 0

    def _remember_number(self) -> None:
        os.pwrite(self._held, f"{self.number:012}".encode(), 0)


def journal_of(store: Store) -> Path:
    """Return the folder of a store's journal: beside its file, else in the data directory of this machine."""
    path = getattr(store, "path", None)
    if isinstance(path, Path):
        return path.with_name(f"{path.name}.journal")
    from platformdirs import user_data_path  # noqa: PLC0415 - only a store without a file needs it

    return user_data_path("outlay", appauthor=False) / f"journal-{sha256(store.url.encode()).hexdigest()[:12]}"


def number_of(segment: Path) -> int:
    """Return the number of a segment, by its name."""
    return int(segment.name.removesuffix(_SUFFIX))


def _mended(segment: Path) -> bool:
    """Cut off a last line that is not whole: it was being written when the process ended, and never acknowledged.

    Returns:
        Whether anything is left; an empty segment is removed.
    """
    with segment.open("rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
    if not whole:
        segment.unlink()
    return whole > 0


def _failed(folder: Path, error: OSError) -> EngineFailed:
    return EngineFailed(
        f"the journal in {folder} cannot be written: {error.strerror}",
        fix="free some space or make the folder writable; nothing that was acknowledged is lost",
        code="disk-full" if error.errno in _FULL else "journal-failed",
    )
