"""Take exchange rates in: every rate a row, a named skip or a problem. What is held already is not kept twice.

Comes in: files of one format. Goes out: one committed import, or nothing at all.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.errors import BadInput
from outlay.exchange.contract import Importer, Rate
from outlay.importing.keeping import File, fingerprint, held_by_newest, keep, new_ident, passed_over
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
    prints = [fingerprint(path) for path in paths]
    names = [path.name for path in paths]
    if earlier := held_by_newest(store, importer.name, prints):
        return passed_over(store, importer.name, names, earlier)
    found = _Found(_held(store))
    for place, path in enumerate(paths, start=1):
        found.read(importer, place, path)
    made = TakeIn(
        take_in=new_ident(store, now, prints[0]),
        source=importer.name,
        files=tuple(names),
        lines=sum(found.counts),
        landed=len(found.rows),
        skipped=dict(found.skipped),
        problem_lines=len(found.problems),
        problems=tuple(problem for _, problem in found.problems[:_LISTED]),
    )
    files = [
        File(path.name, digest, path.stat().st_size, lines)
        for path, digest, lines in zip(paths, prints, found.counts, strict=True)
    ]
    return keep(store, made, files, found.rows, found.problems, table="exchange_rate", now=now)


@dataclass(slots=True)
class _Found:
    """What the files of an import state. `known` are the rates in force before it."""

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
                self.rows.append({"file": place, "line": line, **_row(made)})

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
