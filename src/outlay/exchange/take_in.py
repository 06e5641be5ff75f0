"""Take exchange rates in: every rate a row, a named skip or a problem. What is held already is not kept twice.

Comes in: files of one format. Goes out: one committed import, or nothing at all.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.errors import BadInput, EngineFailed
from outlay.exchange.contract import Importer, Rate
from outlay.store import Store
from outlay.terms.problem import Problem
from outlay.terms.take_in import TakeIn

_LISTED = 10_000
_FIRST, _END = date(1970, 1, 1), date(2149, 1, 1)
_Key = tuple[date, str, str]


def take_in(store: Store, importer: Importer, paths: Sequence[Path], *, now: datetime) -> TakeIn:
    """Import files of exchange rates.

    A later statement about the same day and pair replaces an earlier one; the same statement again is a skip, so that a
    history that grows may be imported every day.

    Args:
        store: Where the rates go.
        importer: The format.
        paths: The files, read as one import.
        now: The instant of the import.

    Returns:
        What was made of them; a line is one rate that a file states.

    Raises:
        BadInput: There is no file, or one does not exist.
        Unreadable: A file is not in the format.
    """
    if not paths:
        raise BadInput("no file to import", fix="give the path of at least one file", code="no-file")
    prints = [_fingerprint(path) for path in paths]
    names = tuple(path.name for path in paths)
    if earlier := _already_held(store, importer, prints):
        lines = sum(cast(int, row["lines"]) for row in store.rows("store/file_lines", {"take_in": earlier}))
        return TakeIn(earlier, importer.name, names, lines, 0, {"already-imported": lines}, repeated=earlier)
    ident = _new_ident(store, f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{prints[0][:8]}")
    found = _Found(ident, _held(store))
    for place, path in enumerate(paths, start=1):
        found.read(importer, place, path)
    try:
        with store.transaction():
            _commit(store, importer, found, list(zip(paths, prints, strict=True)), now)
    except BaseException:
        # Nothing counts without the row in take_in; what was written so far is only in the way.
        for table in ("exchange_rate", "problem", "source_file"):
            with suppress(EngineFailed):
                store.delete(table, take_in=ident)
        raise
    return TakeIn(
        take_in=ident,
        source=importer.name,
        files=names,
        lines=sum(found.counts),
        landed=len(found.rows),
        skipped=dict(found.skipped),
        problem_lines=len(found.problems),
        problems=tuple(problem for _, problem in found.problems[:_LISTED]),
    )


@dataclass(slots=True)
class _Found:
    """What the files of an import state. `known` are the rates in force before it."""

    ident: str
    known: dict[_Key, Decimal]
    own: dict[_Key, Decimal] = field(default_factory=dict)
    rows: list[dict[str, object]] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    counts: list[int] = field(default_factory=list)

    def read(self, importer: Importer, place: int, path: Path) -> None:
        """Add what a file states, named by its place within the import, from 1."""
        self.counts.append(0)
        for line, said in importer.read(path):
            self.counts[-1] += 1
            made = self._new(said, path.name, line) if isinstance(said, Rate) else said
            if isinstance(made, Problem):
                self.problems.append((place, made))
            elif isinstance(made, str):
                self.skipped[made] += 1
            else:
                self.rows.append({"take_in": self.ident, "file": place, "line": line, **_row(made)})

    def _new(self, rate: Rate, name: str, line: int) -> Rate | str | Problem:
        key = (rate.day, rate.from_currency, rate.to_currency)
        if key in self.own:
            if self.own[key] == rate.rate:
                return "duplicate"
            fix = f"keep one of them; {rate.day} has {self.own[key]} for the same currencies above"
            return Problem("two-rates", name, line, "rate", str(rate.rate), None, None, fix)
        self.own[key] = rate.rate
        return "already-known" if self.known.get(key) == rate.rate else rate


def _row(rate: Rate) -> dict[str, object]:
    return {
        "day": rate.day,
        "from_currency": rate.from_currency,
        "to_currency": rate.to_currency,
        "rate": rate.rate,
        "source": rate.source,
    }


def _held(store: Store) -> dict[_Key, Decimal]:
    rows = store.rows("exchange/held", {"first": _FIRST, "end": _END})
    return {
        (cast(date, r["day"]), cast(str, r["from_currency"]), cast(str, r["to_currency"])): cast(Decimal, r["rate"])
        for r in rows
    }


def _commit(store: Store, importer: Importer, found: _Found, files: list[tuple[Path, str]], now: datetime) -> None:
    """Write what makes the import count, the row in `take_in` last."""
    store.insert("exchange_rate", found.rows)
    listed = (
        {
            "take_in": found.ident,
            "file": place,
            "line": problem.line,
            "code": problem.code,
            "column_name": problem.column,
            "amount": None,
            "currency": None,
            "value": problem.value,
            "fix": problem.fix,
        }
        for place, problem in found.problems
    )
    store.insert("problem", listed)
    named = (
        {
            "take_in": found.ident,
            "file": place,
            "name": path.name,
            "fingerprint": digest,
            "bytes": path.stat().st_size,
            "lines": found.counts[place - 1],
        }
        for place, (path, digest) in enumerate(files, start=1)
    )
    store.insert("source_file", named)
    committed = {
        "take_in": found.ident,
        "source": importer.name,
        "taken_at": now,
        "lines": sum(found.counts),
        "landed": len(found.rows),
        "skipped": found.skipped.total(),
        "problem_lines": len(found.problems),
    }
    store.insert("take_in", [committed])


def _fingerprint(path: Path) -> str:
    if not path.is_file():
        raise BadInput(f"{path} does not exist or is a folder", fix="give the path of a file", code="no-file")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _already_held(store: Store, importer: Importer, prints: Sequence[str]) -> str | None:
    """Return the newest import of this format, if it holds all of these files."""
    newest = store.rows("exchange/newest_files", {"source": importer.name})
    have = {cast(str, row["fingerprint"]) for row in newest}
    return cast(str, newest[0]["take_in"]) if newest and set(prints) <= have else None


def _new_ident(store: Store, name: str) -> str:
    """Return an id that no import has."""
    ident, place = name, 1
    while store.count("take_in", take_in=ident):
        place += 1
        ident = f"{name}-{place}"
    return ident
