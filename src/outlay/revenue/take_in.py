"""Take business tables in: every line a row or a problem."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.errors import BadInput, Unreadable
from outlay.revenue.importer import Importer
from outlay.store import Store
from outlay.terms.problem import Problem
from outlay.terms.take_in import TakeIn

_FILL = "fill the column, or leave the line out"


def take_in(store: Store, importer: Importer, paths: Sequence[Path], *, now: datetime) -> TakeIn:
    """Import CSV files of one business table.

    Args:
        store: Where the rows go.
        importer: The table.
        paths: The files, read as one import.
        now: The instant of the import.

    Raises:
        BadInput: A file does not exist.
        Unreadable: A file is not UTF-8 text, or lacks a mandatory column.
    """
    prints = [_fingerprint(path) for path in paths]
    names = tuple(path.name for path in paths)
    if earlier := _already_held(store, importer, prints):
        lines = sum(cast(int, row["lines"]) for row in store.rows("revenue/file_lines", {"take_in": earlier}))
        return TakeIn(earlier, importer.name, names, lines, 0, {"already-imported": lines}, repeated=earlier)
    ident = f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{prints[0][:8]}"
    rows: list[dict[str, object]] = []
    problems: list[tuple[int, Problem]] = []
    counts: list[int] = []
    for place, path in enumerate(paths, start=1):
        counts.append(0)
        for line, found in _read(path, importer):
            counts[-1] += 1
            if isinstance(found, Problem):
                problems.append((place, found))
            else:
                rows.append({"take_in": ident, "file": place, "line": line, **found})
    totals: dict[str, Decimal] = {}
    for row in rows:
        if "amount" in row:
            code = cast(str, row["currency"])
            totals[code] = totals.get(code, Decimal(0)) + cast(Decimal, row["amount"])
    with store.transaction():
        _commit(store, importer, ident, now, list(zip(paths, prints, counts, strict=True)), rows, problems)
    return TakeIn(
        take_in=ident,
        source=importer.name,
        files=names,
        lines=sum(counts),
        landed=len(rows),
        problem_lines=len(problems),
        problems=tuple(problem for _, problem in problems),
        totals=totals,
        control_totals=totals,
    )


def _commit(
    store: Store,
    importer: Importer,
    ident: str,
    now: datetime,
    files: list[tuple[Path, str, int]],
    rows: list[dict[str, object]],
    problems: list[tuple[int, Problem]],
) -> None:
    """Write what makes the import count, the row in `take_in` last."""
    store.insert(importer.table, rows)
    listed = (
        {
            "take_in": ident,
            "file": place,
            "line": problem.line,
            "code": problem.code,
            "column_name": problem.column,
            "value": problem.value,
            "fix": problem.fix,
        }
        for place, problem in problems
    )
    store.insert("problem", listed)
    named = (
        {
            "take_in": ident,
            "file": n,
            "name": path.name,
            "fingerprint": digest,
            "bytes": path.stat().st_size,
            "lines": lines,
        }
        for n, (path, digest, lines) in enumerate(files, start=1)
    )
    store.insert("source_file", named)
    committed = {
        "take_in": ident,
        "source": importer.name,
        "taken_at": now,
        "lines": sum(lines for _, _, lines in files),
        "landed": len(rows),
        "skipped": 0,
        "problem_lines": len(problems),
    }
    store.insert("take_in", [committed])


def _read(path: Path, importer: Importer) -> Iterator[tuple[int, dict[str, object] | Problem]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header = list(reader.fieldnames or ())
            if missing := [name for name in importer.mandatory if name not in header]:
                raise Unreadable(
                    f"{path.name} has no column {missing[0]!r}; it has {', '.join(header) or 'none'}",
                    fix=f"give it these columns: {', '.join(importer.columns)}",
                    code="missing-column",
                )
            for row in reader:
                yield reader.line_num, _line(row, path.name, reader.line_num, importer)
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is not UTF-8 text", fix="save it as UTF-8", code="bad-encoding") from error


def _line(row: dict[str, str | None], name: str, line: int, importer: Importer) -> dict[str, object] | Problem:
    found: dict[str, object] = {}
    for column, read in importer.columns.items():
        cell = (row.get(column) or "").strip()
        if not cell:
            if column in importer.mandatory:
                return Problem("missing-value", name, line, column, None, None, None, _FILL)
            found[column] = importer.defaults.get(column)
            continue
        try:
            found[column] = read(cell)
        except ValueError as error:
            return Problem("bad-value", name, line, column, cell[:80], None, None, str(error))
    return found


def _fingerprint(path: Path) -> str:
    if not path.is_file():
        raise BadInput(f"{path} does not exist or is a folder", fix="give the path of a CSV file", code="no-file")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _already_held(store: Store, importer: Importer, prints: Sequence[str]) -> str | None:
    """Return the newest import of this table, if it holds all of these files."""
    newest = store.rows("revenue/newest_files", {"source": importer.name})
    have = {cast(str, row["fingerprint"]) for row in newest}
    return cast(str, newest[0]["take_in"]) if newest and set(prints) <= have else None
