"""Gap: what providers billed against what usage and prices say, and the causes of the difference, with evidence."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from outlay.explain.states import by_provider, states
from outlay.store import Row, Store
from outlay.store.tables.reconciled import PARTS
from outlay.terms.money import EXACT
from outlay.terms.period import Period

#: The parts of a gap, in the order in which they are shown, with what each means.
CAUSES = PARTS
#: Dimensions that evidence knows too.
_TOLD = ("provider", "sub_account", "model", "token_class", "currency")
_RATIO = Decimal("0.0001")
_ZERO = Decimal(0)


def reconcile(
    store: Store, period: Period, by: Sequence[str] = ("provider", "model"), *, where: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Hold bills against estimates.

    Args:
        store: Holds the published ledger.
        period: Whole days.
        by: Dimensions of the rows: provider, sub_account, model, token_class, day.
        where: Value by dimension.

    Returns:
        `billed`, `estimated`, `gap` (their difference) and `causes`, which sum to the gap exactly; `rows` with the
        same by dimension, and `state`, the least final one of the row's provider. `coverage`: the part of what was
        billed for usage that events tell of, at our price. `evidence`: how each cause was concluded. `calibrated`: what
        each feature costs once usage times price is scaled to the invoices, from `low` to `high`, over the whole months
        of the period. `states` of months and providers. Sums are over one currency; `currency` is None when there are
        several.
    """
    where = where or {}
    values = {"first": period.first, "end": period.end}
    rows = store.rows("explain/reconciliation", values, table="reconciliation", by=by, where=where)
    currencies = {cast(str, row["currency"]) for row in rows}
    found = states(store, period)
    of_provider = by_provider(found)
    for row in rows:
        row["gap"] = cast(Decimal, row["billed"]) - cast(Decimal, row["estimated"])
        row["coverage"] = _coverage([row])
        row["state"] = of_provider.get(str(row["provider"]).lower()) if "provider" in by else None
    told = {name: value for name, value in where.items() if name in _TOLD}
    features = {name: value for name, value in told.items() if name != "token_class"}

    def total(name: str) -> Decimal:
        return sum((cast(Decimal, row[name]) for row in rows), _ZERO)

    return {
        "period": str(period),
        "currency": next(iter(currencies)) if len(currencies) == 1 else None,
        "billed": total("billed"),
        "estimated": total("estimated"),
        "gap": total("gap"),
        "coverage": _coverage(rows),
        "causes": [{"cause": name, "amount": total(name), "means": means} for name, means in CAUSES.items()],
        "rows": rows,
        "evidence": store.rows("explain/gap_evidence", values, table="gap_evidence", where=told),
        "calibrated": store.rows("explain/calibrated", values, table="calibrated_cost", where=features),
        "states": found,
    }


def _coverage(rows: Sequence[Row]) -> Decimal | None:
    """Return the part of what was billed for usage that events tell of; None when nothing was billed for usage."""
    billed = sum((cast(Decimal, row["billed_usage"]) for row in rows), _ZERO)
    missing = sum((cast(Decimal, row["unseen"]) + cast(Decimal, row["timed_out"]) for row in rows), _ZERO)
    return EXACT.divide(billed - missing, billed).quantize(_RATIO) if billed else None
