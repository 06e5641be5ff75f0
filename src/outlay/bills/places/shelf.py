"""A shelf: a place that holds files by name, on the disk or in a bucket.

Comes in: what was typed. Goes out: names, and a path for each that is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from outlay.errors import BadInput

_UP = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """A file on a shelf.

    Args:
        name: Its name there, with folders, `/` between them.
        modified: When it was written, UTC.
    """

    name: str
    modified: datetime


class Shelf(Protocol):
    """What a place must offer."""

    def entries(self) -> Sequence[Entry]:
        """Return every file, in the order of names."""
        ...

    def find(self, key: str, beside: str) -> str | None:
        """Return the name of the file that a manifest calls `key`; None where there is none.

        Args:
            key: As the manifest has it: the key in its bucket, or an address of that key.
            beside: Name of the manifest.
        """
        ...

    def bring(self, name: str) -> Path:
        """Return the path of a file, after it was brought."""
        ...

    def address(self, name: str) -> str:
        """Return what a file is called in messages."""
        ...


class Folder:
    """A folder of the disk, or one file of it.

    Args:
        place: The path.

    Raises:
        BadInput: There is nothing.
    """

    def __init__(self, place: str) -> None:
        path = Path(place)
        if not path.exists():
            raise BadInput(
                f"{place} does not exist",
                fix="give the path of a CSV, CSV.gz or Parquet file, of a folder of them, or s3://bucket/prefix",
                code="no-file",
            )
        self._root = path if path.is_dir() else path.parent
        self._only = None if path.is_dir() else path.name

    def entries(self) -> Sequence[Entry]:
        """See `Shelf.entries`."""
        paths = [self._root / self._only] if self._only else sorted(self._root.rglob("*"))
        return [
            Entry(path.relative_to(self._root).as_posix(), datetime.fromtimestamp(path.stat().st_mtime, UTC))
            for path in paths
            if path.is_file()
        ]

    def find(self, key: str, beside: str) -> str | None:
        """See `Shelf.find`: a copy of a bucket may begin at any of its folders.

        The file's name alone is enough only next to the manifest, because months and runs repeat it.
        """
        parts = key.split("/")
        own = (self._root / beside).parent
        for base in [self._root, *list(self._root.resolve().parents)[:_UP]]:
            for start in range(len(parts) - 1):
                found = base.joinpath(*parts[start:])
                if found.is_file():
                    return found.relative_to(self._root).as_posix() if base == self._root else str(found)
        near = own / parts[-1]
        return near.relative_to(self._root).as_posix() if near.is_file() else None

    def bring(self, name: str) -> Path:
        """See `Shelf.bring`."""
        return self._root / name

    def address(self, name: str) -> str:
        """See `Shelf.address`."""
        return name
