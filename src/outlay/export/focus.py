"""FOCUS out: charges, or the parts that attributions have of them, as a file that other tools read.

Comes in: bills and the published ledger. Goes out: one CSV or Parquet file, which is read back and added up before it
counts.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.allocate.rules import Rules
from outlay.allocate.versions import rules_of
from outlay.errors import BadInput, Broken, Refused, UnknownName
from outlay.exchange.conversion import Conversion, InCurrency
from outlay.exchange.rates import as_text
from outlay.export.file import finished
from outlay.export.pieces import Piece, write
from outlay.store import Row, Store
from outlay.store.writing import Writer, writing
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.money import plain
from outlay.terms.period import Period

VERSION = "1.2"
GRAINS = ("share", "charge")
#: What a file tells apart unless it is asked for more. Users are people, and releases make many rows.
DIMENSIONS = ("feature", "customer", "team", "environment", "service", "model")
_ALL = (*ATTRIBUTION, "model")
#: A month of more charges than this is worked through day by day, so that memory does not grow with it.
_AT_ONCE = 500_000


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written.

    Args:
        path: The file.
        period: The days of the charges in it.
        grain: `share`, a row for each attribution's part of a charge, or `charge`.
        rows: Rows in it, the header not counted.
        charges: Charges they are of.
        totals: Billed cost in the file, by currency, as read back from the disk.
        control_totals: Billed cost of the charges in the store, by currency; the same, or nothing is written.
    """

    path: Path
    period: Period
    grain: str
    rows: int
    charges: int
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    control_totals: Mapping[str, Decimal] = field(default_factory=dict)


def focus(
    store: Store,
    period: Period,
    path: Path,
    *,
    file_format: str = "csv",
    grain: str = "share",
    by: Sequence[str] = DIMENSIONS,
    currency: InCurrency | None = None,
) -> Exported:
    """Write charges as FOCUS 1.2, with who caused them.

    Args:
        store: Holds bills, and for parts the published ledger.
        period: The charges that start in these days.
        path: The file; one that is there is replaced once the new one is whole.
        file_format: `csv` or `parquet`.
        grain: `share` for a row of each attribution's part of a charge; `charge` for charges as they were billed.
        by: Dimensions of the attribution that the file tells apart; parts that differ in others are one row.
        currency: The reporting currency of `x_ReportingCost`; None leaves it empty.

    Raises:
        BadInput: There are no charges, or the grain is none.
        UnknownName: A dimension is none.
        Refused: A month has no ledger, or its bills changed since (`ledger-behind-bill`).
        Broken: The file does not add up to the charges; it is not left behind.
    """
    if grain not in GRAINS:
        raise BadInput(f"{grain!r} is not a grain", fix=f"use one of {', '.join(GRAINS)}")
    for dimension in by:
        if dimension not in _ALL:
            raise UnknownName("dimension of an attribution", dimension, _ALL)
    asked = {"only_from": period.starts_at, "only_to": period.ends_at}
    billed = store.rows("export/billed_totals", asked)
    if not billed:
        raise BadInput(
            f"there are no charges in {period.name}", fix="import a bill of these days first", code="nothing-to-export"
        )
    rates = Conversion(store, period, currency).text if currency else as_text(())
    with finished(path) as unfinished, tempfile.TemporaryDirectory(prefix="outlay-", dir=path.parent) as name:
        folder = Path(name)
        runs = _runs(store, period) if grain == "share" else []
        pieces = list(_pieces(store, period, runs, {"rates": rates, **_told_apart(by)}, folder))
        write(pieces, folder, unfinished, file_format, currency.currency if currency else "")
        with writing(folder) as writer:
            written = _added_up(writer, unfinished, file_format, billed)
    return Exported(
        path,
        period,
        grain,
        sum(cast(int, row["rows"]) for row in written),
        sum(cast(int, row["charges"]) for row in written),
        {cast(str, row["currency"]): cast(Decimal, row["billed"]) for row in written},
        {cast(str, row["currency"]): cast(Decimal, row["billed"]) for row in billed},
    )


def _added_up(writer: Writer, path: Path, file_format: str, billed: Sequence[Row]) -> list[Row]:
    """Return what the file holds by currency.

    Raises:
        Broken: That is not what was billed (law 3).
    """
    writer.show_written(path, file_format)
    written = writer.rows("export/written_totals")
    held = {row["currency"]: (row["charges"], row["billed"]) for row in written}
    for row in billed:
        charges, amount = held.pop(row["currency"], (0, Decimal(0)))
        if (charges, amount) != (row["charges"], row["billed"]):
            raise Broken(
                f"the export holds {charges} charges of {plain(cast(Decimal, amount))} {row['currency']}, billed are"
                f" {row['charges']} of {plain(cast(Decimal, row['billed']))}; the file was removed",
                fix="keep the store and report this",
                code="law-3",
            )
    if held:
        raise Broken(f"the export holds charges in {', '.join(map(str, held))}, which nobody billed", code="law-3")
    return written


def _runs(store: Store, period: Period) -> list[Row]:
    """Return the run in force of every month of a period.

    Raises:
        Refused: A month has none.
    """
    published = {cast(date, row["month"]): row for row in store.rows("explain/published")}
    runs = []
    for month in period.months():
        if month.first not in published:
            raise Refused(
                f"there is no ledger of {month.name}, so nobody has a part of its charges",
                fix=f"make it first: outlay run --period {month.name}; or export with --grain charge",
                code="no-ledger",
            )
        runs.append(published[month.first])
    return runs


def _told_apart(by: Sequence[str]) -> dict[str, int]:
    return {f"with_{name}": int(name in by) for name in _ALL}


def _pieces(
    store: Store, period: Period, runs: Sequence[Row], given: Mapping[str, object], folder: Path
) -> Iterator[Piece]:
    """Save charges and their parts, month by month, and large months day by day."""
    for place, month in enumerate(period.months()):
        days = {"only_from": max(period.starts_at, month.starts_at), "only_to": min(period.ends_at, month.ends_at)}
        values: dict[str, object] = {}
        columns: Sequence[str] = ()
        if runs:
            rules = rules_of(store, cast(str, runs[place]["rule_version"]))
            values = {
                "run": runs[place]["run"],
                "month": month.first,
                "starts_at": month.starts_at,
                "ends_at": month.ends_at,
                "from_day": month.first,
                "to_day": month.end,
                **given,
                "version": runs[place]["rule_version"],
            }
            columns = rules.columns
            _refuse_moved(store, month, rules, values)
        for number, span in enumerate(_spans(store, month, days)):
            own = {**days, **span}
            charges, parts = (folder / f"{month.name}-{number}-{what}.parquet" for what in ("charges", "parts"))
            store.save("export/charges", {**own, "ends_at": month.ends_at, "rates": given["rates"]}, charges)
            if runs:
                store.save("export/shares", {**values, **own}, parts, table="charge", by=columns)
            yield Piece(charges, parts if runs else None, days["only_from"].date(), days["only_to"].date())


def _spans(store: Store, month: Period, days: Mapping[str, datetime]) -> Iterator[dict[str, object]]:
    """Return how a month is worked through: charges of one day by the days of their pools, longer ones at once."""
    (counted,) = store.rows("export/month_size", days)
    if cast(int, counted["long"]):
        yield {"long": 1, "from_day": month.first, "to_day": month.end}
    if cast(int, counted["charges"]) <= _AT_ONCE:
        yield {"long": 0, "from_day": month.first, "to_day": month.end}
        return
    for place in range(month.days):
        own = Period(first := month.first + timedelta(days=place), first + timedelta(days=1))
        if days["only_from"] <= own.starts_at < days["only_to"]:
            yield {
                "long": 0,
                "from_day": own.first,
                "to_day": own.end,
                "only_from": own.starts_at,
                "only_to": own.ends_at,
            }


def _refuse_moved(store: Store, month: Period, rules: Rules, values: Mapping[str, object]) -> None:
    """Refuse a month whose bills are not those that its ledger was made of."""
    (moved,) = store.rows("export/unplaced", values, table="charge", by=rules.columns)
    if moved["charges"] or moved["pools"]:
        raise Refused(
            f"the bills of {month.name} changed since its ledger was made: {moved['charges']} charges have no place"
            f" in it, and {moved['pools']} of its pools are of another amount now",
            fix=f"make it anew: outlay run --period {month.name}; or export with --grain charge",
            code="ledger-behind-bill",
        )
