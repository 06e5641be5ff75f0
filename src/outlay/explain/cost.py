"""Cost: what a period cost by any dimensions, as billed, as estimated, or as the ledger shares it out."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import cast

from outlay.errors import BadInput, UnknownName
from outlay.exchange.conversion import Conversion, InCurrency
from outlay.explain.converted import converted
from outlay.explain.rows import bounds, calls, ledger, of_ledger, of_shares, usage
from outlay.explain.states import states
from outlay.store import Row, Store
from outlay.store.statement import dimensions_of
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.money import EXACT, rounded
from outlay.terms.period import Period

ORIGINS = ("ledger", "billed", "estimated")
_TABLE = {"ledger": "share", "billed": "charge", "estimated": "rollup_day"}
_RATIO = Decimal("0.0001")
#: Dimensions that the ledger and usage name alike, so that calls may stand beside dollars.
_IN_BOTH = {*ATTRIBUTION, "model", "day", "month"}


def costs(
    store: Store,
    period: Period,
    by: Sequence[str],
    *,
    where: Mapping[str, str] | None = None,
    origin: str = "ledger",
    currency: InCurrency | None = None,
) -> dict[str, object]:
    """Return what a period cost.

    Args:
        store: Holds the published ledger.
        period: Whole days.
        by: Dimensions of the answer; none gives the total.
        where: Value by dimension; the empty text asks for what names none.
        origin: `ledger` (billed cost, shared out), `billed` (as the bills say) or `estimated` (usage times price).
        currency: The currency of the answer; None leaves every amount in its own.

    Returns:
        `rows` (the dimensions, amount, currency, calls where they can be told), dearest first; `total` in the one
        currency (None when there are several), `totals` by currency, and `coverage`: the part of the dollars that
        names a value, by dimension, in the ledger of the same slice. `conversion` says how amounts were converted (see
        `Conversion.stated`); rows then have `original`, and what has no rate is a row of its own with a `reason`.
        `states`: how final the figures are, by month and provider. `adjustments`: what came late for closed months and
        is shown in this period, beside `rows`, never in them; one row per closed month (`adjusts`), its own currency,
        and those of the dimensions that adjustments know.

    Raises:
        BadInput: The origin is not one.
        UnknownName: A dimension is not one.
    """
    if origin not in ORIGINS:
        raise BadInput(f"{origin!r} is not an origin", fix=f"use one of {', '.join(ORIGINS)}")
    where = where or {}
    _check(origin, (*by, *where))
    conversion = Conversion(store, period, currency) if currency else None
    said = None
    if conversion:
        rows, totals, said = _converted(store, conversion, origin, period, by, where)
    else:
        rows = _rows(store, origin, period, by, where)
        totals = _totals(rows)
    answer: dict[str, object] = {
        "period": str(period),
        "origin": origin,
        "by": list(by),
        "rows": rows,
        "total": next(iter(totals.values())) if len(totals) == 1 else (Decimal(0) if not totals else None),
        "currency": next(iter(totals)) if len(totals) == 1 else None,
        "totals": totals,
        "conversion": said,
        "states": states(store, period),
        "adjustments": _adjustments(store, period, by, where) if origin == "ledger" else [],
    }
    return {**answer, **coverage(store, period, where if origin == "ledger" else {}, conversion=conversion)}


def _adjustments(store: Store, period: Period, by: Sequence[str], where: Mapping[str, str]) -> list[Row]:
    """Return what came late for closed months; none where it cannot be told whether it belongs to the slice."""
    known = set(dimensions_of("movement"))
    if not set(where) <= known:
        return []
    told = [name for name in by if name in known]
    return store.rows("explain/adjustments", bounds(period), table="movement", by=told, where=where)


def coverage(
    store: Store, period: Period, where: Mapping[str, str] | None = None, *, conversion: Conversion | None = None
) -> dict[str, object]:
    """Return how many dollars of the ledger have an owner.

    Args:
        store: Holds the published ledger.
        period: Whole days.
        where: Value by dimension.
        conversion: Rates by which amounts of several currencies become one; without them there is no ratio of those.

    Returns:
        `coverage`: a ratio from 0 to 1 by attribution dimension, None where nothing was billed; `remainders`: what is
        idle and unallocated, by currency. A ratio is never summed: it is made anew from the sums.
    """
    found = with_owner(store, period, where, conversion=conversion)
    total = sum((cast(Decimal, row["total"]) for row in found), Decimal(0)) if len(found) == 1 else None
    ratios: dict[str, object] = {}
    for name in ATTRIBUTION:
        owned = sum((cast(Decimal, row[f"{name}_amount"]) for row in found), Decimal(0))
        ratios[name] = EXACT.divide(owned, total).quantize(_RATIO) if total else None
    remainders = {cast(str, row["currency"]): {"idle": row["idle"], "unallocated": row["unallocated"]} for row in found}
    return {"coverage": ratios, "remainders": remainders}


def with_owner(
    store: Store, period: Period, where: Mapping[str, str] | None = None, *, conversion: Conversion | None = None
) -> list[Row]:
    """Return how many dollars of the ledger name each dimension: one row per currency, one in all with a `conversion`.

    Returns:
        `currency`, `total`, `idle`, `unallocated`, `<dimension>_amount` in it; what has no rate is a row of its own.
    """
    values = {"first": period.first, "end": period.end}
    if conversion:
        return _covered(store, conversion, values, where or {})
    if where:
        return store.rows("explain/coverage", values, table=of_shares(where), where=where)
    return store.rows("explain/coverage_rollup", values)


def _covered(store: Store, conversion: Conversion, values: Mapping[str, object], where: Mapping[str, str]) -> list[Row]:
    """Return what has an owner in one currency; what has no rate stays in rows of its own."""
    days = store.rows("explain/coverage_days", values, table=of_shares(where), where=where)
    names = [name for name in days[0] if name not in ("day", "currency")] if days else []
    rows: list[Row] = []
    unrated: dict[str, Row] = {}
    exact = dict.fromkeys(names, Decimal(0))
    for row in days:
        day, own = cast(date, row["day"]), cast(str, row["currency"])
        rate = conversion.on(day, own)
        for name in names:
            amount = cast(Decimal, row[name])
            if rate:
                exact[name] = EXACT.add(exact[name], EXACT.multiply(amount, rate.rate))
            else:
                kept = unrated.setdefault(own, {"currency": own, **dict.fromkeys(names, Decimal(0))})
                kept[name] = cast(Decimal, kept[name]) + amount
    if any(conversion.on(cast(date, row["day"]), cast(str, row["currency"])) for row in days):
        rows.append({"currency": conversion.wanted.currency, **{n: rounded(amount) for n, amount in exact.items()}})
    return [*rows, *unrated.values()]


def _totals(rows: Sequence[Row]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in rows:
        currency = cast(str, row["currency"])
        totals[currency] = totals.get(currency, Decimal(0)) + cast(Decimal, row["amount"])
    return totals


def _converted(
    store: Store, conversion: Conversion, origin: str, period: Period, by: Sequence[str], where: Mapping[str, str]
) -> tuple[list[Row], dict[str, Decimal], dict[str, object]]:
    """Return the rows in the currency that is wanted, their totals, and how they were converted."""
    values = {**bounds(period), "rates": conversion.text}
    if origin == "billed":
        found = store.rows("explain/worth_billed", values, table="charge", by=by, where=where)
    elif origin == "estimated":
        values["measure"] = "estimated_cost"
        found = store.rows("explain/worth_usage", values, table="rollup_day", by=by, where=where)
    else:
        table = of_ledger(period, ("day", *by), where)
        found = store.rows("explain/worth_ledger", values, table=table, by=by, where=where)
    made = converted(conversion, found, by)
    if origin != "billed" and {*by, *where} <= _IN_BOTH:
        key = itemgetter(*by) if by else _whole
        called = {key(row): row["calls"] for row in calls(store, period, by, where)}
        for row in made.rows:
            row["calls"] = called.pop(key(row), 0) or 0  # once, where a part of it has no rate
    return made.rows, made.totals, conversion.stated(period, made.unrated, made.used)


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
