"""Cost: what a period cost by any dimensions, as billed, as estimated, or as the ledger shares it out."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import cast

from outlay.errors import BadInput, UnknownName
from outlay.explain.rows import bounds, calls, ledger, usage
from outlay.store import Row, Store
from outlay.store.statement import dimensions_of
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.money import EXACT
from outlay.terms.period import Period

ORIGINS = ("ledger", "billed", "estimated")
_TABLE = {"ledger": "share", "billed": "charge", "estimated": "rollup_day"}
_RATIO = Decimal("0.0001")
#: Dimensions that the ledger and usage name alike, so that calls may stand beside dollars.
_IN_BOTH = {*ATTRIBUTION, "model", "day", "month"}


def costs(
    store: Store, period: Period, by: Sequence[str], *, where: Mapping[str, str] | None = None, origin: str = "ledger"
) -> dict[str, object]:
    """Return what a period cost.

    Args:
        store: Holds the published ledger.
        period: Whole days.
        by: Dimensions of the answer; none gives the total.
        where: Value by dimension; the empty text asks for what names none.
        origin: `ledger` (billed cost, shared out), `billed` (as the bills say) or `estimated` (usage times price).

    Returns:
        `rows` (the dimensions, amount, currency, calls where they can be told), dearest first; `total` in the one
        currency (None when there are several), `totals` by currency, and `coverage`: the part of the dollars that
        names a value, by dimension, in the ledger of the same slice.

    Raises:
        BadInput: The origin is not one.
        UnknownName: A dimension is not one.
    """
    if origin not in ORIGINS:
        raise BadInput(f"{origin!r} is not an origin", fix=f"use one of {', '.join(ORIGINS)}")
    where = where or {}
    _check(origin, (*by, *where))
    rows = _rows(store, origin, period, by, where)
    totals: dict[str, Decimal] = {}
    for row in rows:
        currency = cast(str, row["currency"])
        totals[currency] = totals.get(currency, Decimal(0)) + cast(Decimal, row["amount"])
    answer: dict[str, object] = {
        "period": str(period),
        "origin": origin,
        "by": list(by),
        "rows": rows,
        "total": next(iter(totals.values())) if len(totals) == 1 else (Decimal(0) if not totals else None),
        "currency": next(iter(totals)) if len(totals) == 1 else None,
        "totals": totals,
    }
    return {**answer, **coverage(store, period, where if origin == "ledger" else {})}


def coverage(store: Store, period: Period, where: Mapping[str, str] | None = None) -> dict[str, object]:
    """Return how many dollars of the ledger have an owner.

    Returns:
        `coverage`: a ratio from 0 to 1 by attribution dimension, None where nothing was billed; `remainders`: what is
        idle and unallocated, by currency. A ratio is never summed: it is made anew from the sums.
    """
    values = {"first": period.first, "end": period.end}
    if where:
        found = store.rows("explain/coverage", values, table="share", where=where)
    else:
        found = store.rows("explain/coverage_rollup", values)
    total = sum((cast(Decimal, row["total"]) for row in found), Decimal(0)) if len(found) == 1 else None
    ratios: dict[str, object] = {}
    for name in ATTRIBUTION:
        owned = sum((cast(Decimal, row[f"{name}_amount"]) for row in found), Decimal(0))
        ratios[name] = EXACT.divide(owned, total).quantize(_RATIO) if total else None
    remainders = {cast(str, row["currency"]): {"idle": row["idle"], "unallocated": row["unallocated"]} for row in found}
    return {"coverage": ratios, "remainders": remainders}


def _rows(store: Store, origin: str, period: Period, by: Sequence[str], where: Mapping[str, str]) -> list[Row]:
    if origin == "billed":
        return store.rows("explain/cost_billed", bounds(period), table="charge", by=by, where=where)
    if origin == "estimated":
        return usage(store, period, by, where)
    found = ledger(store, period, by, where)
    if {*by, *where} <= _IN_BOTH:
        key = itemgetter(*by) if by else _whole
        called = {key(row): row["calls"] for row in calls(store, period, by, where)}
        for row in found:
            row["calls"] = called.get(key(row)) or 0
    return found


def _whole(_row: Row) -> object:
    """Return the one key of an answer without dimensions."""
    return None


def _check(origin: str, names: Sequence[str]) -> None:
    """Refuse an unknown dimension before the engine sees it."""
    known = dimensions_of(_TABLE[origin])
    for name in names:
        if name not in known and not (origin == "billed" and name.startswith("tag:")):
            raise UnknownName(f"dimension of the {origin} costs", name, known)
