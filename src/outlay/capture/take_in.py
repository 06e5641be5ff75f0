"""Take usage events in: each once, whatever the order, the batching and the repetitions.

Events are put into `arrival` first. Those whose id is new go to `usage`; repeated ones are skipped, and the same id
with another content is a problem. Nothing counts before the row in `take_in` is written.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import cast

from outlay.capture.files import Record, fingerprint, records
from outlay.capture.logs import records as log_records
from outlay.capture.mapping import ColumnMapping, Skip, mapping_of
from outlay.capture.row import NAMES, Rows
from outlay.errors import BadInput, Broken, EngineFailed
from outlay.store import Row, Store
from outlay.terms.problem import Problem
from outlay.terms.take_in import TakeIn
from outlay.wire.event import Flaw

SOURCE = "events"
LOGS = "logs"
_BATCH = 100_000
_LISTED = 10_000
_CONFLICT = "send an event again unchanged, or give the changed one another id"


@dataclass(slots=True)
class _Count:
    """What has been read so far."""

    lines: int = 0
    by_file: list[int] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[int, Problem]] = field(default_factory=list)


def take_in(
    store: Store,
    paths: Sequence[Path],
    *,
    mapping: ColumnMapping | Mapping[str, object] | None = None,
    now: datetime,
    source: str = SOURCE,
    advance: Callable[[int], None] | None = None,
) -> TakeIn:
    """Import files of usage events.

    Args:
        store: Where they go.
        paths: The files, read as one import.
        mapping: For CSV files and logs: which column is what.
        now: The instant of the import.
        source: `events`, or `logs` for files in which events are among other lines.
        advance: Called with the number of bytes read, for a progress bar.

    Returns:
        The take-in; `skipped["duplicate"]` counts events that were known.

    Raises:
        BadInput: There is no file, or one does not exist; there is no mapping for logs.
        BadConfig: The mapping says something that no event has.
        Unreadable: A file is empty, damaged, or lacks a mapped column.
        EngineFailed: The store failed; nothing was taken in.
    """
    if not paths:
        raise BadInput("no file to import", fix="give the path of at least one file", code="no-file")
    known = mapping_of(mapping) if isinstance(mapping, Mapping) else mapping
    if source == LOGS and known is None:
        raise BadInput(
            "logs need a mapping", fix="say with --mapping FILE which of their fields is what", code="no-mapping"
        )
    digests = [fingerprint(path) for path in paths]
    prints = [_meaning(digest, known) for digest in digests]
    names = tuple(path.name for path in paths)
    if earlier := _already_held(store, prints):
        lines = cast(int, store.rows("capture/lines_of", {"take_in": earlier})[0]["lines"])
        return TakeIn(earlier, source, names, lines, 0, {"already-imported": lines}, repeated=earlier)
    ident = _new_ident(store, f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{prints[0][:8]}")
    try:
        count = _Count()
        for place, (path, digest) in enumerate(zip(paths, digests, strict=True), start=1):
            before = count.lines
            rows = Rows(ident, place)
            found = (
                log_records(path, known, digest) if known and source == LOGS else records(path, known, digest, advance)
            )
            _arrive(store, _lines(found, rows, path.name, place, count))
            count.by_file.append(count.lines - before)
        store.fill("usage", "capture/accepted", {"take_in": ident})
        with store.transaction():
            return _commit(store, ident, source, names, paths, prints, now, count)
    except BaseException:
        # Nothing counts without the row in take_in; what was written so far is only in the way.
        for table in ("usage", "problem", "source_file"):
            with suppress(EngineFailed):
                store.delete(table, take_in=ident)
        raise
    finally:
        with suppress(EngineFailed):
            store.delete("arrival", take_in=ident)


def _lines(found: Iterator[tuple[int, Record]], rows: Rows, name: str, place: int, count: _Count) -> Iterator[bytes]:
    """Yield a file's events as rows; what cannot be read becomes a problem."""
    for line, record in found:
        count.lines += 1
        if isinstance(record, Skip):
            count.skipped[record.reason] = count.skipped.get(record.reason, 0) + 1
            continue
        made = rows.make(record, line)
        if isinstance(made, Flaw):
            problem = Problem(made.code, name, line, made.field, made.value, None, None, made.fix)
            count.problems.append((place, problem))
        else:
            yield made.rows


def _arrive(store: Store, rows: Iterator[bytes]) -> None:
    while batch := list(islice(rows, _BATCH)):
        store.insert_lines("arrival", NAMES, batch)


def _commit(
    store: Store,
    ident: str,
    source: str,
    names: tuple[str, ...],
    paths: Sequence[Path],
    prints: Sequence[str],
    now: datetime,
    count: _Count,
) -> TakeIn:
    """Write what makes the import count, the row in `take_in` last."""
    counted = store.rows("capture/counted", {"take_in": ident})[0]
    conflicts = conflicts_of(store, ident, dict(enumerate(names, start=1)))
    problems = sorted([*count.problems, *conflicts], key=lambda pair: (pair[0], pair[1].line or 0))
    landed = cast(int, counted["landed"])
    duplicates = cast(int, counted["arrived"]) - landed - len(conflicts)
    result = TakeIn(
        take_in=ident,
        source=source,
        files=names,
        lines=count.lines,
        landed=landed,
        skipped=count.skipped | ({"duplicate": duplicates} if duplicates else {}),
        problem_lines=len(problems),
        problems=tuple(problem for _, problem in problems[:_LISTED]),
    )
    skipped = sum(result.skipped.values())
    if result.lines != landed + skipped + result.problem_lines:
        raise Broken(
            f"{source}: {result.lines} lines are not {landed} + {skipped} + {result.problem_lines}", code="law-1"
        )
    store.insert("problem", (problem_row(ident, place, p) for place, p in problems))
    store.insert(
        "source_file",
        (
            {
                "take_in": ident,
                "file": n,
                "name": path.name,
                "fingerprint": digest,
                "bytes": path.stat().st_size,
                "lines": lines,
            }
            for n, (path, digest, lines) in enumerate(zip(paths, prints, count.by_file, strict=True), start=1)
        ),
    )
    store.insert(
        "take_in",
        [
            {
                "take_in": ident,
                "source": source,
                "taken_at": now,
                "lines": result.lines,
                "landed": landed,
                "skipped": skipped,
                "problem_lines": result.problem_lines,
            }
        ],
    )
    return result


def conflicts_of(store: Store, take_in: str, names: Mapping[int, str]) -> list[tuple[int, Problem]]:
    """Return the events of an import whose id is held with another content, with the place of their file."""
    return [
        (place := cast(int, row["file"]), _conflict(names[place], cast(int, row["line"]), str(row["id"])))
        for row in store.rows("capture/conflicts", {"take_in": take_in})
    ]


def problem_row(take_in: str, file: int, problem: Problem) -> Row:
    """Return a problem as a row of `problem`."""
    return {
        "take_in": take_in,
        "file": file,
        "line": problem.line,
        "code": problem.code,
        "column_name": problem.column,
        "value": problem.value,
        "fix": problem.fix,
    }


def _conflict(name: str, line: int, ident: str) -> Problem:
    return Problem("conflict", name, line, "id", ident, None, None, _CONFLICT)


def _already_held(store: Store, prints: Sequence[str]) -> str | None:
    """Return the import that holds all of these files, if there is one."""
    held: dict[str, set[str]] = {}
    for row in store.rows("capture/known_files"):
        held.setdefault(cast(str, row["take_in"]), set()).add(cast(str, row["fingerprint"]))
    return next((ident for ident, have in held.items() if set(prints) <= have), None)


def _meaning(digest: str, mapping: ColumnMapping | None) -> str:
    """Return the fingerprint of what a file says: the same table says another thing under another mapping."""
    return hashlib.sha256(digest.encode() + mapping.written()).hexdigest() if mapping else digest


def _new_ident(store: Store, name: str) -> str:
    """Return an id that no import has, and that an import which was killed before its end left nothing under."""
    ident, place = name, 1
    while store.count("take_in", take_in=ident):
        place += 1
        ident = f"{name}-{place}"
    for table in ("arrival", "usage", "problem", "source_file"):
        if store.count(table, take_in=ident):
            store.delete(table, take_in=ident)
    return ident
