"""What earlier imports already said: the same files again, or the same days anew.

Comes in: the files of an import, then what landed. Goes out: the import that holds them, or what is replaced.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

from outlay.bills.files import Unpacked
from outlay.bills.importer import Importer
from outlay.store import Row, Store
from outlay.terms.currency import CURRENCIES
from outlay.terms.period import Period
from outlay.terms.take_in import Restatement, TakeIn

_KEY = ("provider", "billing_account_id", "billing_period_start")


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


def supersede(store: Store, importer: Importer, ident: str, landed: Sequence[Row]) -> tuple[Restatement, ...]:
    """Replace what earlier imports say about the same days of the same partitions.

    Args:
        store: Where they are.
        importer: The format; another format's charges are replaced only where it tells the same bill.
        ident: The import that is being made.
        landed: What it put there, rows of `landed`.

    Returns:
        What is replaced. The new amount of a partition stands once, beside the newest import that it replaces, so
        that the differences add up to what the ledger moves by.
    """
    sources = (importer.name, *importer.same_bill)
    told = [row for name in sources for row in store.rows("bills/overlapping", {"take_in": ident, "source": name})]
    old = sorted(told, key=lambda row: cast(str, row["take_in"]))  # an id begins with its time
    unique = {(row["take_in"], *_key(row)): row for row in old}
    store.insert(
        "supersession",
        ({"take_in": r["take_in"], **{k: r[k] for k in _KEY}, "replaced_by": ident} for r in unique.values()),
    )
    after: dict[tuple[object, ...], Mapping[str, Decimal]] = {}
    for key in {_key(row) for row in old}:
        after[key] = sum_by_currency([row for row in landed if _key(row) == key], "billed_cost")
    newest = {_key(row): cast(str, row["take_in"]) for row in old}  # they come oldest first
    before: dict[tuple[str, tuple[object, ...], str], Decimal] = {}
    for row in old:
        before[cast(str, row["take_in"]), _key(row), cast(str, row["billing_currency"])] = cast(
            Decimal, row["billed_cost"]
        )
    for key, amounts in after.items():
        for currency in amounts:
            before.setdefault((newest[key], key, currency), Decimal(0))
    return tuple(
        Restatement(
            take_in=take_in,
            partition=f"{key[0]} {key[1]} {cast(datetime, key[2]):%Y-%m}",
            currency=currency,
            before=amount,
            after=after[key].get(currency, Decimal(0)) if take_in == newest[key] else Decimal(0),
        )
        for (take_in, key, currency), amount in before.items()
    )


def sum_by_currency(rows: Sequence[Row], column: str) -> dict[str, Decimal]:
    """Add up a column of money by `billing_currency`, exactly; rows without a currency are left out."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["billing_currency"] is not None:
            totals[cast(str, row["billing_currency"])] += cast(Decimal, row[column] or Decimal(0))
    return dict(totals)


def _key(row: Row) -> tuple[object, ...]:
    return tuple(row[column] for column in _KEY)
