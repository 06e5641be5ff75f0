"""Parser: one way into Outlay for bytes from outside, and what holds whatever they are."""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ParamSpec, TypeVar

from outlay.errors import Refused, SourceFailed

CASES = Path(__file__).parents[1] / "cases"
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Parser:
    """One parser.

    Args:
        name: What it is called on the command line.
        check: Reads bytes, and raises when the parser breaks its word.
        seeds: Ordinary inputs, from which others are made.
        examples: How many of those `make test` looks at.
    """

    name: str
    check: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    examples: int = 200


def answered(read: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
    """Return what a parser returns; None when it refuses as it should: with a code, and with what to do about it."""
    try:
        return read(*args, **kwargs)
    except (Refused, SourceFailed) as error:
        refusal = error
    assert refusal.message
    assert refusal.code
    assert refusal.fix, f"{refusal.code} says no fix: {refusal.message}"
    str(refusal).encode()  # it is printed, and sent
    return None


@contextmanager
def placed(body: bytes, name: str) -> Iterator[Path]:
    """Put bytes into a file of this name, in an empty folder, for as long as the block lasts."""
    path = _folder() / name
    path.write_bytes(body)
    try:
        yield path
    finally:
        for left in path.parent.iterdir():
            left.unlink()


@cache
def _folder() -> Path:
    """Return a folder of this process: making one for each of thousands of files takes longer than reading them."""
    folder = Path(tempfile.mkdtemp(prefix="outlay-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def among(body: bytes, choices: tuple[_T, ...]) -> tuple[_T, bytes]:
    """Take one of some choices by the first byte; return it, and the other bytes."""
    return choices[body[0] % len(choices)] if body else choices[0], body[1:]
