"""Take a bill in: every line a charge, a named skip or a problem, and the control total met.

Comes in: files of one format. Goes out: one committed import, or nothing at all.
"""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.bills.files import Unpacked, unpack
from outlay.bills.importer import Importer
from outlay.bills.restating import already_held, repeated, sum_by_currency, supersede
from outlay.bills.sheet import Sheet, examine, land
from outlay.errors import BadInput, Broken, EngineFailed
from outlay.store import Row, Store
from outlay.store.reading import reading
from outlay.terms.period import Period
from outlay.terms.problem import Problem
from outlay.terms.take_in import TakeIn

_LISTED = 10_000
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
    """

    paths: Sequence[Path]
    encoding: str | None = None
    currency: str | None = None
    period: Period | None = None
    append: bool = False
    advance: Callable[[int], None] | None = None


@dataclass(frozen=True, slots=True)
class _Import:
    """One import under way. `sheets` holds None for a file whose content another one before it has."""

    ident: str
    importer: Importer
    request: Request
    now: datetime
    files: Sequence[Unpacked]
    sheets: Sequence[Sheet | None]

    def lines(self) -> list[int]:
        """Return the lines of each file."""
        counted = {sheet.file.fingerprint: sheet.lines for sheet in self.sheets if sheet}
        return [counted[file.fingerprint] for file in self.files]

    def controls(self) -> list[Row]:
        return [row for sheet in self.sheets if sheet for row in sheet.controls]


def take_in(store: Store, importer: Importer, request: Request, *, now: datetime) -> TakeIn:
    """Import files of one format.

    Args:
        store: Where the charges go.
        importer: The format.
        request: The files and how to read them.
        now: The instant of the import.

    Raises:
        BadInput: There is no file, or one does not exist.
        Unreadable: A file is empty or not text.
        EngineFailed: The store failed; nothing was taken in.
    """
    if not request.paths:
        raise BadInput("no file to import", fix="give the path of at least one file", code="no-file")
    with tempfile.TemporaryDirectory(prefix="outlay-") as name:
        folders = [_folder(Path(name), place) for place, _ in enumerate(request.paths, start=1)]
        files = [
            unpack(path, folder, encoding=request.encoding, advance=request.advance)
            for path, folder in zip(request.paths, folders, strict=True)
        ]
        if earlier := already_held(store, importer, files, request.currency, request.period):
            return repeated(store, importer, files, earlier)
        ident = _new_ident(store, now, files[0])
        with reading(store) as reader:
            sheets: list[Sheet | None] = []
            for place, (file, folder) in enumerate(zip(files, folders, strict=True)):
                known = file.fingerprint in {earlier.fingerprint for earlier in files[:place]}
                sheets.append(None if known else examine(reader, importer, file, folder))
            made = _Import(ident, importer, request, now, files, sheets)
            try:
                with store.transaction():
                    only = (request.period.starts_at, request.period.ends_at) if request.period else _ALWAYS
                    whole: list[Problem] = []
                    for place, sheet in enumerate(sheets, start=1):
                        values = {"take_in": ident, "file": place, "only_from": only[0], "only_to": only[1]}
                        whole += land(store, reader, sheet, values, request.currency) if sheet else []
                    return _commit(store, made, whole)
            except BaseException:
                _sweep(store, ident)
                raise


def _commit(store: Store, made: _Import, whole: Sequence[Problem]) -> TakeIn:
    """Write what makes the import count, the row in `take_in` last."""
    ident, files = made.ident, made.files
    landed = store.rows("bills/landed", {"take_in": ident})
    _partitions(store, made, landed)
    restated = () if made.request.append else supersede(store, made.importer, ident, landed)
    lines = made.lines()
    store.insert(
        "source_file",
        (
            {"take_in": ident, "file": n, "name": f.name, "fingerprint": f.fingerprint, "bytes": f.size, "lines": c}
            for n, (f, c) in enumerate(zip(files, lines, strict=True), start=1)
        ),
    )
    twice = sum(count for count, sheet in zip(lines, made.sheets, strict=True) if sheet is None)
    result = TakeIn(
        take_in=ident,
        source=made.importer.name,
        files=tuple(file.name for file in files),
        lines=sum(lines),
        landed=sum(cast(int, row["lines"]) for row in landed),
        skipped={"duplicate-file": twice} if twice else {},
        problem_lines=store.count("problem", take_in=ident) - len(whole),
        problems=problems_of(store, ident, files),
        totals=sum_by_currency(landed, "billed_cost"),
        control_totals=sum_by_currency(made.controls(), "control_total"),
        restated=restated,
    )
    if result.lines != result.landed + twice + result.problem_lines:
        raise Broken(
            f"{made.importer.name}: {result.lines} lines are not {result.landed} charges, {twice} skipped"
            f" and {result.problem_lines} problems; nothing was taken in",
            code="law-1",
        )
    store.insert(
        "take_in",
        [
            {
                "take_in": ident,
                "source": made.importer.name,
                "taken_at": made.now,
                "lines": result.lines,
                "landed": result.landed,
                "skipped": twice,
                "problem_lines": result.problem_lines,
            }
        ],
    )
    return result


def _partitions(store: Store, made: _Import, landed: Sequence[Row]) -> None:
    """Record each partition that landed with its control total."""
    key = ("provider", "billing_account_id", "billing_period_start", "billing_currency")
    totals: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for row in made.controls():
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
    )


def _new_ident(store: Store, now: datetime, first: Unpacked) -> str:
    """Return an id that sorts by time; the same files at the same instant get another one."""
    ident = name = f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{first.fingerprint[:8]}"
    place = 1
    while store.count("take_in", take_in=ident):
        place += 1
        ident = f"{name}-{place}"
    return ident


def _sweep(store: Store, ident: str) -> None:
    """Remove what was written. Nothing counts without the row in `take_in`; this only keeps the store tidy."""
    for table in ("charge", "problem", "partition", "supersession", "source_file"):
        with suppress(EngineFailed):
            store.delete(table, **{"replaced_by" if table == "supersession" else "take_in": ident})


def _folder(parent: Path, place: int) -> Path:
    found = parent / str(place)
    found.mkdir()
    return found
