"""An import becomes one that counts: its files, its problems, and the row in `take_in`, last of all.

Comes in: what a room made of some files. Goes out: committed rows, or nothing at all.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from outlay.errors import BadInput, EngineFailed
from outlay.store import Row, Store
from outlay.terms.problem import Problem
from outlay.terms.take_in import TakeIn


@dataclass(frozen=True, slots=True)
class File:
    """A file of an import.

    Args:
        name: What it is called.
        fingerprint: SHA-256 of what it says, in hex; the same content is known again by it.
        size: In bytes.
        lines: Lines (records) it holds.
    """

    name: str
    fingerprint: str
    size: int
    lines: int


def fingerprint(path: Path, *told: object) -> str:
    """Return what a file is known by, and the way it is read where that changes what it says.

    Raises:
        BadInput: There is no such file.
    """
    if not path.is_file():
        raise BadInput(f"{path} does not exist or is a folder", fix="give the path of a file", code="no-file")
    found = hashlib.sha256(path.read_bytes())
    if told:
        found.update(repr(told).encode())
    return found.hexdigest()


def new_ident(store: Store, now: datetime, first: str) -> str:
    """Return an id that no import has. It begins with its time, so ids are in the order of imports.

    Args:
        store: Where the imports are.
        now: The instant of the import.
        first: The fingerprint of its first file; the same file may be imported twice at one instant.
    """
    ident = name = f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{first[:8]}"
    place = 1
    while store.count("take_in", take_in=ident):
        place += 1
        ident = f"{name}-{place}"
    return ident


def held_by_newest(store: Store, source: str, prints: Iterable[str]) -> str | None:
    """Return the newest import of a source, if it holds all of some files."""
    newest = store.rows("importing/newest_files", {"source": source})
    have = {cast(str, row["fingerprint"]) for row in newest}
    return cast(str, newest[0]["take_in"]) if newest and set(prints) <= have else None


def passed_over(store: Store, source: str, names: Sequence[str], earlier: str) -> TakeIn:
    """Return the result of an import of files that an earlier one holds: all lines are skipped."""
    lines = sum(cast(int, row["lines"]) for row in store.rows("store/file_lines", {"take_in": earlier}))
    return TakeIn(earlier, source, tuple(names), lines, 0, {"already-imported": lines}, repeated=earlier)


def keep(
    store: Store,
    made: TakeIn,
    files: Sequence[File],
    rows: Iterable[Mapping[str, object]],
    problems: Iterable[tuple[int, Problem]],
    *,
    table: str,
    now: datetime,
) -> TakeIn:
    """Commit an import, or leave nothing of it behind.

    Args:
        store: Where it goes.
        made: What it made of its files.
        files: Those files, in order.
        rows: What landed, rows of `table` without `take_in`.
        problems: All problems, each with the place of its file, from 1; 0 for the import as a whole.
        table: The table it fills.
        now: The instant of the import.

    Returns:
        What was made of the files, as given.

    Raises:
        EngineFailed: The store failed; nothing was taken in.
    """
    try:
        with store.transaction():
            store.insert(table, ({"take_in": made.take_in, **row} for row in rows))
            store.insert("problem", (problem_row(made.take_in, place, problem) for place, problem in problems))
            store.insert("source_file", file_rows(made.take_in, files))
            store.insert("take_in", [take_in_row(made, now)])
    except BaseException:
        # Nothing counts without the row in take_in; what was written so far is only in the way.
        for each in (table, "problem", "source_file"):
            with suppress(EngineFailed):
                store.delete(each, take_in=made.take_in)
        raise
    return made


def problem_row(take_in: str, file: int, problem: Problem) -> Row:
    """Return a problem as a row of `problem`; one of the whole has line 0."""
    return {
        "take_in": take_in,
        "file": file,
        "line": problem.line or 0,
        "code": problem.code,
        "column_name": problem.column,
        "value": problem.value,
        "amount": problem.amount,
        "currency": problem.currency,
        "fix": problem.fix,
    }


def file_rows(take_in: str, files: Sequence[File]) -> list[Row]:
    """Return the files of an import as rows of `source_file`."""
    return [
        {
            "take_in": take_in,
            "file": place,
            "name": file.name,
            "fingerprint": file.fingerprint,
            "bytes": file.size,
            "lines": file.lines,
        }
        for place, file in enumerate(files, start=1)
    ]


def take_in_row(made: TakeIn, now: datetime) -> Row:
    """Return an import as its row of `take_in`, which makes it count."""
    return {
        "take_in": made.take_in,
        "source": made.source,
        "taken_at": now,
        "lines": made.lines,
        "landed": made.landed,
        "skipped": sum(made.skipped.values()),
        "problem_lines": made.problem_lines,
    }
