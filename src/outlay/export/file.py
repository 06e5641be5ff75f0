"""File: a file that is either whole or not there.

Comes in: a path. Goes out: another path to write to, which takes its place once nothing went wrong.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from outlay.errors import BadInput


@contextmanager
def finished(path: Path) -> Iterator[Path]:
    """Give a path to write to, beside the one that is wanted, and put it in its place at the end.

    Args:
        path: Where the file is wanted; one that is there stays until then.

    Raises:
        BadInput: It is a folder, or its folder is not there or cannot be written to.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder", fix="name a file in it", code="bad-path")
    if not os.access(path.parent, os.W_OK):
        raise BadInput(f"{path.parent} is not a folder that can be written to", fix="make it first", code="bad-path")
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
