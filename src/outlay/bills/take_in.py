"""Take a bill in: every line a charge, a named skip or a problem, and the control total met.

Comes in: files of one format. Goes out: one committed import, or nothing at all.
"""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.bills.costs import costs_of
from outlay.bills.formats.options import as_told
from outlay.bills.importer import ENDPOINT, Asked, Importer
from outlay.bills.places import Brought, bring
from outlay.bills.reading.files import Unpacked
from outlay.bills.reading.sheet import Sheet, examine, land
from outlay.bills.reading.whole import one_export_each, several_currencies, spellings
from outlay.bills.restating import Replaced, already_held, repeated, sum_by_currency, supersede
from outlay.errors import Broken, EngineFailed, UnknownName
from outlay.importing.keeping import File, file_rows, new_ident, problem_row, take_in_row
from outlay.store import Row, Store
from outlay.store.reading import Reader, reading
from outlay.terms.period import Period
from outlay.terms.problem import Problem
from outlay.terms.take_in import TakeIn

_LISTED = 10_000
_PREVIEWED = 20
_ALWAYS = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of an import.

    Args:
        paths: The files, read as one import.
        encoding: Of CSV files that are not UTF-8.
        currency: The only currency accepted; None accepts every ISO 4217 code.
        period: The only charge periods accepted; None accepts all.
        append: Add to what earlier imports say about the same days, rather than replace it.
        advance: Called with bytes read, for a progress bar.
        places: Where further files come from: a path, a folder, `s3://bucket/prefix`, or what the importer fetches.
        options: Of the importer, by name.
        cache: A folder that importers may keep things in; None keeps nothing.
        dry_run: Keep nothing; the result says what would land, with its first rows.
    """

    paths: Sequence[Path] = ()
    encoding: str | None = None
    currency: str | None = None
    period: Period | None = None
    append: bool = False
    advance: Callable[[int], None] | None = None
    places: Sequence[str] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    cache: Path | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Import:
    """One import under way. `sheets` holds None for a file whose content another one before it has."""

    ident: str
    importer: Importer
    request: Request
    now: datetime
    brought: Brought
    sheets: Sequence[Sheet | None]

    @property
    def files(self) -> Sequence[Unpacked]:
        """Return the files."""
        return self.brought.files

    def lines(self) -> list[int]:
        """Return the lines of each file."""
        counted = {sheet.file.fingerprint: sheet.lines for sheet in self.sheets if sheet}
        return [counted[file.fingerprint] for file in self.files]

    def controls(self) -> list[Row]:
        return [row for sheet in self.sheets if sheet for row in sheet.controls]


class _Previewed(Exception):
    """What would have landed; raised to leave the transaction without a trace."""

    def __init__(self, result: TakeIn) -> None:
        super().__init__()
        self.result = result


def take_in(store: Store, importer: Importer, request: Request, *, now: datetime) -> TakeIn:
    """Import files of one format.

    Args:
        store: Where the charges go.
        importer: The format.
        request: The files and how to read them.
        now: The instant of the import.

    Raises:
        UnknownName: An option is none of this format.
        BadInput: There is no file, one does not exist, or two exports speak of the same bill.
        SourceFailed: What was to be fetched could not be.
        Unreadable: A file is empty or not text.
        EngineFailed: The store failed; nothing was taken in.
    """
    unknown = sorted(set(request.options) - {*importer.options, ENDPOINT})
    if unknown and not importer.tailored:
        raise UnknownName(f"option of {importer.name}", unknown[0], [*importer.options, ENDPOINT])
    if importer.tailored:
        importer = importer.tailored(request.options)
    with tempfile.TemporaryDirectory(prefix="outlay-") as name:
        brought = as_told(_bring(importer, request, now, Path(name)), importer)
        files = brought.files
        if not request.dry_run and (earlier := already_held(store, importer, files, request.currency, request.period)):
            same = repeated(store, importer, files, earlier)
            return replace(same, notes=tuple(brought.notes), problems=tuple(brought.problems))
        ident = new_ident(store, now, files[0].fingerprint)
        with reading(store) as reader:
            sheets: list[Sheet | None] = []
            for place, (file, folder) in enumerate(zip(files, brought.folders, strict=True)):
                known = file.fingerprint in {earlier.fingerprint for earlier in files[:place]}
                sheets.append(None if known else examine(reader, importer, file, folder))
            made = _Import(ident, importer, request, now, brought, sheets)
            one_export_each(sheets, brought.exports)
            try:
                with store.transaction():
                    return _land(store, reader, made)
            except _Previewed as previewed:
                _sweep(store, ident)
                return previewed.result
            except BaseException:
                _sweep(store, ident)
                raise


def _bring(importer: Importer, request: Request, now: datetime, folder: Path) -> Brought:
    """Bring the files: those named, those of the places, and what a source without a place has."""
    cache = request.cache or folder / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    places = request.places or ([""] if importer.fetch and not request.paths else [])
    asked = []
    for number, place in enumerate(places, start=1):
        own = folder / f"place-{number}"
        own.mkdir()
        asked.append(Asked(place, request.period, now, request.options, own, cache))
    unpacked = folder / "unpacked"
    return bring(importer, request.paths, asked, folder=unpacked, encoding=request.encoding, advance=request.advance)


def _land(store: Store, reader: Reader, made: _Import) -> TakeIn:
    """Put every file's lines into the store, then what makes them count."""
    only = (made.request.period.starts_at, made.request.period.ends_at) if made.request.period else _ALWAYS
    of_files: list[Problem] = []
    for place, sheet in enumerate(made.sheets, start=1):
        values = {"take_in": made.ident, "file": place, "only_from": only[0], "only_to": only[1]}
        if sheet:
            of_files += land(store, reader, made.importer, sheet, values, currency=made.request.currency)
    landed = store.rows("bills/landed", {"take_in": made.ident})
    of_all = [
        *made.brought.problems,
        *several_currencies(landed, made.files),
        *spellings(store, made.ident, made.files),
    ]
    store.insert("problem", [problem_row(made.ident, 0, problem) for problem in of_all])
    return _commit(store, made, landed, of_all, whole=len(of_files) + len(of_all))


def _commit(store: Store, made: _Import, landed: Sequence[Row], of_all: Sequence[Problem], *, whole: int) -> TakeIn:
    """Write what makes the import count, the row in `take_in` last."""
    ident, files = made.ident, made.files
    _partitions(store, made, landed)
    replaced = Replaced() if made.request.append else supersede(store, made.importer, ident, landed)
    lines = made.lines()
    held = [File(f.name, f.fingerprint, f.size, count) for f, count in zip(files, lines, strict=True)]
    store.insert("source_file", file_rows(ident, held))
    result = TakeIn(
        take_in=ident,
        source=made.importer.name,
        files=tuple(file.name for file in files),
        lines=sum(lines),
        landed=sum(cast(int, row["lines"]) for row in landed),
        skipped=_skipped(made, lines),
        problem_lines=store.count("problem", take_in=ident) - whole,
        problems=(*of_all, *problems_of(store, ident, files)),
        totals=sum_by_currency(landed, "billed_cost"),
        control_totals=sum_by_currency(made.controls(), "control_total") | dict(made.brought.controls),
        skipped_totals=_left_out(made),
        restated=replaced.restated,
        notes=(*made.brought.notes, *replaced.notes),
        **costs_of(store, made.importer, ident, [sheet for sheet in made.sheets if sheet]),
    )
    skipped = sum(result.skipped.values())
    if result.lines != result.landed + skipped + result.problem_lines:
        raise Broken(
            f"{made.importer.name}: {result.lines} lines are not {result.landed} charges, {skipped} skipped"
            f" and {result.problem_lines} problems; nothing was taken in",
            code="law-1",
        )
    if made.request.dry_run:
        rows = store.rows("bills/preview", {"take_in": ident, "most": _PREVIEWED})
        raise _Previewed(replace(result, preview=tuple(rows)))
    store.insert("take_in", [take_in_row(result, made.now)])
    return result


def _skipped(made: _Import, lines: Sequence[int]) -> dict[str, int]:
    """Return how many lines are left out, by reason."""
    found: dict[str, int] = defaultdict(int)
    for row in made.controls():
        if row["skip"]:
            found[cast(str, row["skip"])] += cast(int, row["lines"])
    twice = sum(count for count, sheet in zip(lines, made.sheets, strict=True) if sheet is None)
    return dict(found) | ({"duplicate-file": twice} if twice else {})


def _left_out(made: _Import) -> dict[str, dict[str, Decimal]]:
    """Return the money on the lines that are left out, by reason and currency."""
    reasons = sorted({cast(str, row["skip"]) for row in made.controls() if row["skip"]})
    return {
        reason: sum_by_currency([row for row in made.controls() if row["skip"] == reason], "control_total")
        for reason in reasons
    }


def _partitions(store: Store, made: _Import, landed: Sequence[Row]) -> None:
    """Record each partition that landed with its control total: what its file holds and does not leave out by name."""
    key = ("provider", "billing_account_id", "billing_period_start", "billing_currency")
    totals: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for row in made.controls():
        if row["skip"]:
            continue
        totals[tuple(row[k] for k in key)] += cast(Decimal, row["control_total"] or Decimal(0))
    store.insert(
        "partition",
        (
            {
                "take_in": made.ident,
                "source": made.importer.name,
                **row,
                "control_total": totals[tuple(row[k] for k in key)],
            }
            for row in landed
        ),
    )


def problems_of(store: Store, ident: str, files: Sequence[Unpacked]) -> tuple[Problem, ...]:
    """Return the problems of an import, the first 10,000, in the order of files and lines."""
    found = store.rows("bills/problems", {"take_in": ident, "most": _LISTED})
    return tuple(
        Problem(
            code=cast(str, row["code"]),
            file=files[cast(int, row["file"]) - 1].name,
            line=cast(int, row["line"]) or None,
            column=cast("str | None", row["column_name"]),
            value=cast("str | None", row["value"]),
            amount=cast("Decimal | None", row["amount"]),
            currency=cast("str | None", row["currency"]),
            fix=cast(str, row["fix"]),
        )
        for row in found
        if row["file"]
    )


def _sweep(store: Store, ident: str) -> None:
    """Remove what was written. Nothing counts without the row in `take_in`; this only keeps the store tidy."""
    for table in ("charge", "metric", "problem", "partition", "supersession", "source_file"):
        with suppress(EngineFailed):
            store.delete(table, **{"replaced_by" if table == "supersession" else "take_in": ident})
