"""Take business tables in: every line rows, a named skip or a problem."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.errors import BadInput, UnknownName
from outlay.importing.keeping import File, fingerprint, held_by_newest, keep, new_ident, passed_over
from outlay.revenue import sheet
from outlay.revenue.contract import Asked, Fetched, Importer, Line
from outlay.store import Store
from outlay.terms.period import Period
from outlay.terms.problem import Problem
from outlay.terms.take_in import TakeIn

_DUPLICATE = "duplicate"
_PROBLEMS_KEPT = 10_000
#: Options that say how a source is asked, and change nothing of what it answers.
_HOW_ASKED = frozenset({"endpoint-url", "tries", "retry_s", "profile"})


def take_in(
    store: Store,
    importer: Importer,
    places: Sequence[Path | str],
    *,
    now: datetime,
    period: Period | None = None,
    options: Mapping[str, str] | None = None,
) -> TakeIn:
    """Import one business table from files, or from where its importer fetches it.

    Args:
        store: Where the rows go.
        importer: The table, and how it is read.
        places: The files, read as one import; for an importer that fetches, an address or nothing.
        now: The instant of the import.
        period: The only time wanted, for importers that know it.
        options: What the importer is told beside, by name.

    Raises:
        BadInput: There is no file, one does not exist, or an option is unknown.
        SourceFailed: What is fetched from does not answer, or not as it should.
        Unreadable: A file is not in the format it claims to be.
    """
    told = dict(options or {})
    if unknown := sorted(set(told) - set(importer.options)):
        raise UnknownName(f"option of {importer.name}", unknown[0], importer.options)
    with _files(importer, places, Asked("", period, now, told, Path())) as (asked, fetched):
        return _taken(store, importer, fetched, asked)


def _taken(store: Store, importer: Importer, fetched: Fetched, asked: Asked) -> TakeIn:
    paths = list(fetched.files)
    prints = [_fingerprint(path, asked) for path in paths]
    names = tuple(path.name for path in paths)
    asked = replace(asked, files=names)
    notes = tuple(fetched.notes)
    if paths and (earlier := _already_held(store, importer, prints)):
        whole = tuple(fetched.problems)
        return replace(passed_over(store, importer.name, names, earlier), problems=whole, notes=notes)
    lines: Sequence[Line] = list(importer.read(paths, asked) if importer.read else sheet.lines(paths, importer))
    if importer.held:
        lines = list(_new_ones(lines, {_key(row, importer) for row in store.rows(importer.held)}, importer))
    if importer.settle:
        lines = importer.settle(store, lines, asked)
    found = _Found.of(lines, len(paths))
    found.problems += [(0, problem) for problem in fetched.problems]
    made = TakeIn(
        take_in=new_ident(store, asked.now, prints[0] if prints else "none"),
        source=importer.name,
        files=names,
        lines=sum(found.counts),
        landed=found.landed,
        skipped=dict(found.skipped),
        problem_lines=found.bad_lines,
        problems=tuple(problem for _, problem in found.problems[:_PROBLEMS_KEPT]),
        totals=found.totals,
        control_totals=found.control_totals,
        skipped_totals=found.left_out,
        notes=(*notes, *found.notes),
    )
    files = [
        File(path.name, digest, path.stat().st_size, count)
        for path, digest, count in zip(paths, prints, found.counts, strict=True)
    ]
    return keep(store, made, files, found.rows, found.problems, table=importer.table, now=asked.now)


@contextmanager
def _files(importer: Importer, places: Sequence[Path | str], asked: Asked) -> Iterator[tuple[Asked, Fetched]]:
    """Bring the files: those that were named, or what the importer fetches while the block lasts."""
    if importer.fetch and (not places or "://" in str(places[0])):
        if len(places) > 1:
            raise BadInput(f"{importer.name} fetches from one address", fix="import each of them by itself")
        with tempfile.TemporaryDirectory(prefix="outlay-") as folder:
            asked = replace(asked, place=str(places[0]) if places else "", folder=Path(folder))
            yield asked, importer.fetch(asked)
        return
    if not places:
        raise BadInput("no file to import", fix="give the path of at least one file", code="no-file")
    yield asked, Fetched([Path(place) for place in places])


def _new_ones(lines: Sequence[Line], known: set[tuple[object, ...]], importer: Importer) -> Iterator[Line]:
    """Skip the lines that are in force already, or that stood before."""
    for line in lines:
        keys = {_key(row, importer) for row in line.rows}
        if keys and keys <= known:
            yield replace(line, rows=(), skipped=_DUPLICATE)
        else:
            known |= keys
            yield line


@dataclass(slots=True)
class _Found:
    """What the files of an import hold."""

    rows: list[dict[str, object]] = field(default_factory=list)
    landed: int = 0
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    totals: dict[str, Decimal] = field(default_factory=dict)
    control_totals: dict[str, Decimal] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def bad_lines(self) -> int:
        """Return how many lines could not be taken in; a problem of the whole is none."""
        return sum(problem.line is not None for _, problem in self.problems)

    @classmethod
    def of(cls, lines: Iterable[Line], files: int) -> "_Found":
        """Add lines up."""
        found = cls(counts=[0] * files)
        stated: dict[str, Decimal] = {}
        for line in lines:
            found._add(line)
            _sum(stated, line.control.items())
        at_stake = [(p.currency, p.amount) for _, p in found.problems if p.amount is not None]
        left_out = [pair for amounts in found.left_out.values() for pair in amounts.items()]
        _sum(found.control_totals, stated.items() if stated else [*found.totals.items(), *at_stake, *left_out])
        return found

    def _add(self, line: Line) -> None:
        if line.line:
            self.counts[line.file - 1] += 1
        for reason, amounts in line.left_out.items():
            _sum(self.left_out.setdefault(reason, {}), amounts.items())
        if line.problem:
            self.problems.append((line.file, line.problem))
        elif line.skipped:
            self.skipped[line.skipped] += 1
        elif line.line:
            self.landed += 1
        self.notes += line.notes
        self.rows += [{"file": line.file, "line": line.line, **row} for row in line.rows]
        _sum(self.totals, ((row["currency"], row["amount"]) for row in line.rows if "amount" in row))


def _sum(into: dict[str, Decimal], amounts: Iterable[tuple[object, object]]) -> None:
    """Add amounts up by currency."""
    for code, amount in amounts:
        into[cast(str, code)] = into.get(cast(str, code), Decimal(0)) + cast(Decimal, amount)


def _fingerprint(path: Path, asked: Asked) -> str:
    """Return what a file and the way it is read are known by."""
    told = sorted((name, value) for name, value in asked.options.items() if name not in _HOW_ASKED)
    return fingerprint(path, told, str(asked.period)) if told or asked.period else fingerprint(path)


def _already_held(store: Store, importer: Importer, prints: Sequence[str]) -> str | None:
    """Return the import that holds all of these files already, and that still says what they say."""
    if importer.replaced is None:
        return held_by_newest(store, importer.name, prints)
    held: dict[str, set[object]] = {}
    for row in store.rows("revenue/holding_files", {"source": importer.name, "fingerprint": prints[0]}):
        held.setdefault(cast(str, row["take_in"]), set()).add(row["fingerprint"])
    for ident, files in held.items():
        if set(prints) <= files and not store.rows(importer.replaced, {"take_in": ident}):
            return ident
    return None


def _key(row: Mapping[str, object], importer: Importer) -> tuple[object, ...]:
    return tuple(row[column] for column in importer.columns)
