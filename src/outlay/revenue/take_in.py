"""Take business tables in: every line a row or a problem."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.errors import BadInput, EngineFailed, Unreadable
from outlay.revenue.contract import Importer
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
        BadInput: There is no file, or one does not exist.
        Unreadable: A file is not UTF-8 text, or lacks a mandatory column.
    """
    if not paths:
        raise BadInput("no file to import", fix="give the path of at least one CSV file", code="no-file")
    prints = [_fingerprint(path) for path in paths]
    names = tuple(path.name for path in paths)
    if earlier := _already_held(store, importer, prints):
        lines = sum(cast(int, row["lines"]) for row in store.rows("store/file_lines", {"take_in": earlier}))
        return TakeIn(earlier, importer.name, names, lines, 0, {"already-imported": lines}, repeated=earlier)
    ident = _new_ident(store, f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{prints[0][:8]}")
    found = _Found(
        ident, importer, {_key(row, importer) for row in store.rows(importer.held)} if importer.held else None
    )
    for place, path in enumerate(paths, start=1):
        found.read(place, path)
    rows, problems, counts = found.rows, found.problems, found.counts
    totals = _totals((row["currency"], row["amount"]) for row in rows if "amount" in row)
    at_stake = ((problem.currency, problem.amount) for _, problem in problems if problem.amount is not None)
    try:
        with store.transaction():
            _commit(store, importer, ident, now, list(zip(paths, prints, counts, strict=True)), rows, problems)
    except BaseException:
        # Nothing counts without the row in take_in; what was written so far is only in the way.
        for table in (importer.table, "problem", "source_file"):
            with suppress(EngineFailed):
                store.delete(table, take_in=ident)
        raise
    return TakeIn(
        take_in=ident,
        source=importer.name,
        files=names,
        lines=sum(counts),
        landed=len(rows),
        skipped={"duplicate": found.skipped} if found.skipped else {},
        problem_lines=len(problems),
        problems=tuple(problem for _, problem in problems),
        totals=totals,
        control_totals=_totals([*totals.items(), *at_stake]),
    )


@dataclass(slots=True)
class _Found:
    """What the files of an import hold. `known` are the rows that a line is skipped for, if any are."""

    ident: str
    importer: Importer
    known: set[tuple[object, ...]] | None
    rows: list[dict[str, object]] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    skipped: int = 0

    def read(self, place: int, path: Path) -> None:
        """Add the lines of a file, named by its place within the import, from 1."""
        self.counts.append(0)
        for line, found in _read(path, self.importer):
            self.counts[-1] += 1
            if isinstance(found, Problem):
                self.problems.append((place, found))
            elif self._is_new(found):
                self.rows.append({"take_in": self.ident, "file": place, "line": line, **found})
            else:
                self.skipped += 1

    def _is_new(self, row: Mapping[str, object]) -> bool:
        if self.known is None:
            return True
        key = _key(row, self.importer)
        is_new = key not in self.known
        self.known.add(key)
        return is_new


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
            "amount": problem.amount,
            "currency": problem.currency,
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
        "skipped": sum(lines for _, _, lines in files) - len(rows) - len(problems),
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
    except csv.Error as error:
        raise Unreadable(
            f"{path.name} cannot be read as CSV: {error}", fix="mend the line that holds it", code="bad-csv"
        ) from error


def _line(row: dict[str | None, str | None], name: str, line: int, importer: Importer) -> dict[str, object] | Problem:
    def problem(code: str, column: str | None, value: str | None, fix: str) -> Problem:
        return Problem(code, name, line, column, value, *_at_stake(row, importer), fix)

    if None in row or None in row.values():
        return problem("wrong-column-count", None, None, "give every line as many fields as the header")
    found: dict[str, object] = {}
    for column, read in importer.columns.items():
        cell = (row.get(column) or "").strip()
        if not cell:
            if column in importer.mandatory:
                return problem("missing-value", column, None, _FILL)
            found[column] = importer.defaults.get(column)
            continue
        try:
            found[column] = read(cell)
        except ValueError as error:
            return problem("bad-value", column, cell[:80], str(error))
    return found


def _at_stake(row: Mapping[str | None, str | None], importer: Importer) -> tuple[Decimal | None, str | None]:
    """Return the money on a line that cannot be taken in, where amount and currency can still be read."""
    if "amount" not in importer.columns or None in row or None in row.values():
        return None, None
    read: dict[str, object] = {}
    for column in ("amount", "currency"):
        cell = (row.get(column) or "").strip()
        try:
            read[column] = importer.columns[column](cell) if cell else importer.defaults.get(column)
        except ValueError:
            return None, None
    amount = cast("Decimal | None", read["amount"])
    return (amount, cast(str, read["currency"])) if amount is not None else (None, None)


def _totals(amounts: Iterable[tuple[object, object]]) -> dict[str, Decimal]:
    """Add up amounts by currency."""
    found: dict[str, Decimal] = {}
    for code, amount in amounts:
        found[cast(str, code)] = found.get(cast(str, code), Decimal(0)) + cast(Decimal, amount)
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


def _key(row: Mapping[str, object], importer: Importer) -> tuple[object, ...]:
    return tuple(row[column] for column in importer.columns)


def _new_ident(store: Store, name: str) -> str:
    """Return an id that no import has: one file may be read as two tables at the same instant."""
    ident, place = name, 1
    while store.count("take_in", take_in=ident):
        place += 1
        ident = f"{name}-{place}"
    return ident
