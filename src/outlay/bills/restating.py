"""What earlier imports already said: the same files again, or the same days anew.

Comes in: the files of an import, then what landed. Goes out: the import that holds them, or what is replaced.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

from outlay.bills.importer import Importer
from outlay.bills.reading.files import Unpacked
from outlay.errors import BadInput
from outlay.store import Row, Store
from outlay.terms.currency import CURRENCIES
from outlay.terms.period import Period
from outlay.terms.take_in import Restatement, TakeIn

_KEY = ("provider", "billing_account_id", "billing_period_start")


@dataclass(frozen=True, slots=True)
class Replaced:
    """What an import replaces.

    Args:
        restated: By earlier import, partition and currency.
        notes: Where another source told the same bill, that it no longer counts.
    """

    restated: tuple[Restatement, ...] = ()
    notes: tuple[str, ...] = ()


def already_held(
    store: Store, importer: Importer, files: Sequence[Unpacked], currency: str | None, period: Period | None
) -> str | None:
    """Return the newest import in force that holds all of these files and refused nothing that is now accepted."""
    held: dict[str, set[str]] = defaultdict(set)
    for row in store.rows("bills/known_files", {"source": importer.name}):
        held[cast(str, row["take_in"])].add(cast(str, row["fingerprint"]))
    wanted = {file.fingerprint for file in files}
    for ident in (ident for ident, have in held.items() if wanted <= have):
        refused = store.rows("bills/refused_by_request", {"take_in": ident})
        if not any(_accepted(row, currency, period) for row in refused):
            return ident
    return None


def _accepted(refused: Row, currency: str | None, period: Period | None) -> bool:
    """Say whether a value that an earlier request did not want is wanted now; yes when in doubt."""
    value = cast("str | None", refused["value"]) or ""
    if refused["code"] == "wrong-currency":
        return value in ({currency} if currency else CURRENCIES)
    if period is None:
        return True
    try:
        start = datetime.fromisoformat(value)
    except ValueError:
        return True
    return period.starts_at <= (start if start.tzinfo else start.replace(tzinfo=UTC)) < period.ends_at


def repeated(store: Store, importer: Importer, files: Sequence[Unpacked], earlier: str) -> TakeIn:
    """Return the result of an import that adds nothing, with the totals of the one that holds its files."""
    lines_of = {
        row["fingerprint"]: cast(int, row["lines"]) for row in store.rows("store/file_lines", {"take_in": earlier})
    }
    lines = sum(lines_of[file.fingerprint] for file in files)
    totals = sum_by_currency(store.rows("bills/landed", {"take_in": earlier}), "billed_cost")
    return TakeIn(
        take_in=earlier,
        source=importer.name,
        files=tuple(file.name for file in files),
        lines=lines,
        landed=0,
        skipped={"already-imported": lines},
        totals=totals,
        control_totals=totals,
        repeated=earlier,
    )


def supersede(store: Store, importer: Importer, ident: str, landed: Sequence[Row]) -> Replaced:
    """Replace what earlier imports say about the same days of the same partitions.

    Args:
        store: Where they are.
        importer: The format; another format's charges are replaced only where it tells the same bill.
        ident: The import that is being made.
        landed: What it put there, rows of `landed`.

    Returns:
        What is replaced. The new amount of a partition stands once, beside the newest import that it replaces, so
        that the differences add up to what the ledger moves by.

    Raises:
        BadInput: Another source tells the same bill, and this one may not replace it because it tells a part only.
    """
    told = [
        {**row, "own": _key(row)}
        for row in store.rows("bills/overlapping", {"take_in": ident, "source": importer.name})
    ]
    other: dict[str, None] = {}
    for source in (*importer.same_bill, *importer.part_of):
        for row in store.rows("bills/told_elsewhere", {"take_in": ident, "source": source}):
            if source in importer.part_of or row["relation"] == "within":
                raise _held_already(importer, source, row)
            other.setdefault(f"{_name(_key(row))}: what {source} said of it no longer counts, {importer.name} does")
            told.append({**row, "own": (row["own_provider"], row["own_account"], row["own_period_start"])})
    old = sorted(told, key=lambda row: (cast(str, row["take_in"]), *map(str, _key(row))))  # an id begins with its time
    store.insert(
        "supersession",
        (
            {"take_in": take_in, **dict(zip(_KEY, key, strict=True)), "replaced_by": ident}
            for take_in, key in {(row["take_in"], _key(row)): None for row in old}
        ),
    )
    before: dict[tuple[object, tuple[object, ...], object], Decimal] = {}
    for row in old:
        before[row["take_in"], _key(row), row["billing_currency"]] = cast(Decimal, row["billed_cost"])
    newest = {row["own"]: (row["take_in"], _key(row)) for row in old}  # they come oldest first
    after: dict[tuple[object, tuple[object, ...], object], Decimal] = defaultdict(Decimal)
    for row in landed:
        if _key(row) in newest:
            after[*newest[_key(row)], row["billing_currency"]] += cast(Decimal, row["billed_cost"])
    restated = tuple(
        Restatement(
            take_in=cast(str, take_in),
            partition=_name(key),
            currency=cast(str, currency),
            before=before.get((take_in, key, currency), Decimal(0)),
            after=after.get((take_in, key, currency), Decimal(0)),
        )
        for take_in, key, currency in {**before, **after}
    )
    return Replaced(restated, tuple(other))


def _held_already(importer: Importer, source: str, row: Row) -> BadInput:
    """Return why an import that tells a part of a bill is refused beside one that tells all of it."""
    own = _name((row["own_provider"], row["own_account"], row["own_period_start"]))
    return BadInput(
        f"{importer.name}: what it says of {own} is already held by import {row['take_in']} of {source}, as part of"
        f" {_name(_key(row))}; beside it the money would count twice, and nothing was taken in",
        fix="leave this import out, or import a bill from here that holds all of the other",
        code="same-bill",
    )


def _name(key: tuple[object, ...]) -> str:
    return f"{key[0]} {key[1]} {cast(datetime, key[2]):%Y-%m}"


def sum_by_currency(rows: Sequence[Row], column: str) -> dict[str, Decimal]:
    """Add up a column of money by `billing_currency`, exactly; rows without a currency are left out."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["billing_currency"] is not None:
            totals[cast(str, row["billing_currency"])] += cast(Decimal, row[column] or Decimal(0))
    return dict(totals)


def _key(row: Row) -> tuple[object, ...]:
    return tuple(row[column] for column in _KEY)
