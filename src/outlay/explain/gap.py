"""Gap: what providers billed against what usage and prices say, and the causes of the difference, with evidence."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from outlay.exchange.conversion import Conversion, InCurrency
from outlay.explain.converted import apportioned
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
#: The money of a row, and the quantities beside it.
_MONEY = ("billed", "estimated", *CAUSES, "billed_usage")
_QUANTITIES = ("billed_quantity", "seen_quantity")


def reconcile(
    store: Store,
    period: Period,
    by: Sequence[str] = ("provider", "model"),
    *,
    where: Mapping[str, str] | None = None,
    currency: InCurrency | None = None,
) -> dict[str, object]:
    """Hold bills against estimates.

    Args:
        store: Holds the published ledger.
        period: Whole days.
        by: Dimensions of the rows: provider, sub_account, model, token_class, day.
        where: Value by dimension.
        currency: The currency of the answer, each day at its own rate; None leaves every amount in its own.

    Returns:
        `billed`, `estimated`, `gap` (their difference) and `causes`, which sum to the gap exactly; `rows` with the
        same by dimension, and `state`, the least final one of the row's provider. `coverage`: the part of what was
        billed for usage that events tell of, at our price. `evidence`: how each cause was concluded. `calibrated`: what
        each feature costs once usage times price is scaled to the invoices, from `low` to `high`, over the whole months
        of the period. `states` of months and providers. Sums are over one currency; `currency` is None when there are
        several. `conversion` is as in `Conversion.stated`; what has no rate is a row of its own with a `reason`, and in
        no sum. Evidence and calibrated costs stay in their own currency: they speak of what bills and prices say.
    """
    where = where or {}
    values = {"first": period.first, "end": period.end}
    said = None
    if currency:
        rows, said = _worth(store, Conversion(store, period, currency), period, by, where)
    else:
        rows = store.rows("explain/reconciliation", values, table="reconciliation", by=by, where=where)
    summed = [row for row in rows if "reason" not in row]
    currencies = {cast(str, row["currency"]) for row in summed}
    found = states(store, period)
    of_provider = by_provider(found)
    for row in rows:
        row["gap"] = cast(Decimal, row["billed"]) - cast(Decimal, row["estimated"])
        row["coverage"] = coverage_of([row])
        row["state"] = of_provider.get(str(row["provider"]).lower()) if "provider" in by else None
    told = {name: value for name, value in where.items() if name in _TOLD}
    features = {name: value for name, value in told.items() if name != "token_class"}

    def total(name: str) -> Decimal:
        return sum((cast(Decimal, row[name]) for row in summed), _ZERO)

    return {
        "period": str(period),
        "currency": next(iter(currencies)) if len(currencies) == 1 else None,
        "billed": total("billed"),
        "estimated": total("estimated"),
        "gap": total("gap"),
        "coverage": coverage_of(summed),
        "causes": [{"cause": name, "amount": total(name), "means": means} for name, means in CAUSES.items()],
        "rows": rows,
        "evidence": store.rows("explain/gap_evidence", values, table="gap_evidence", where=told),
        "calibrated": store.rows("explain/calibrated", values, table="calibrated_cost", where=features),
        "states": found,
        "conversion": said,
    }


def _worth(
    store: Store, conversion: Conversion, period: Period, by: Sequence[str], where: Mapping[str, str]
) -> tuple[list[Row], dict[str, object]]:
    """Return the rows in one currency, and how they were converted.

    Every measure is rounded so that its rows add up to its rounded total; what that leaves of a row's gap, at most a
    few 1e-12, is in its rest.
    """
    values = {"first": period.first, "end": period.end}
    days = list(dict.fromkeys((*by, "day")))
    exact: dict[tuple[object, ...], dict[str, Decimal]] = {}
    original: dict[tuple[object, ...], dict[str, Decimal]] = {}
    counts: dict[tuple[object, ...], dict[str, Decimal]] = {}
    left: dict[str, Decimal] = {}
    for row in store.rows("explain/reconciliation", values, table="reconciliation", by=days, where=where):
        own = cast(str, row["currency"])
        rate = conversion.on(cast(date, row["day"]), own)
        key = (*(row[name] for name in by), conversion.wanted.currency if rate else own, rate is None)
        sums = exact.setdefault(key, dict.fromkeys(_MONEY, _ZERO))
        for name in _MONEY:
            worth = EXACT.multiply(cast(Decimal, row[name]), rate.rate) if rate else cast(Decimal, row[name])
            sums[name] = EXACT.add(sums[name], worth)
        kept = original.setdefault(key, {})
        kept[own] = kept.get(own, _ZERO) + cast(Decimal, row["billed"])
        counted = counts.setdefault(key, dict.fromkeys(_QUANTITIES, _ZERO))
        for name in _QUANTITIES:
            counted[name] += cast(Decimal, row[name])
        if rate is None:
            left[own] = left.get(own, _ZERO) + cast(Decimal, row["billed"])
    rounded = {name: apportioned([sums[name] for sums in exact.values()]) for name in _MONEY}
    rows: list[Row] = []
    for place, key in enumerate(exact):
        row = {**dict(zip(by, key, strict=False)), "currency": key[-2]}
        row |= {name: rounded[name][place] for name in _MONEY} | counts[key] | {"original": original[key]}
        gap = cast(Decimal, row["billed"]) - cast(Decimal, row["estimated"])
        parts = sum((cast(Decimal, row[name]) for name in CAUSES), _ZERO)
        row["rest"] = cast(Decimal, row["rest"]) + gap - parts
        rows.append({**row, "reason": conversion.reason(str(key[-2]))} if key[-1] else row)
    rows.sort(key=lambda row: ("reason" in row, -cast(Decimal, row["billed"]), *(str(row[name]) for name in by)))
    used = {name for key, kept in original.items() if not key[-1] for name in kept}
    return rows, conversion.stated(period, left, used)


def coverage_of(rows: Sequence[Row]) -> Decimal | None:
    """Return the part of what was billed for usage that events tell of; None when nothing was billed for usage."""
    billed = sum((cast(Decimal, row["billed_usage"]) for row in rows), _ZERO)
    missing = sum((cast(Decimal, row["unseen"]) + cast(Decimal, row["timed_out"]) for row in rows), _ZERO)
    return EXACT.divide(billed - missing, billed).quantize(_RATIO) if billed else None
