"""Margins: what customers cost and paid in one currency, where bills and revenue are in several.

Comes in: the ledger by day, revenue by month, exchange rates. Goes out: one row per customer, with the
original amounts.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import cast

from outlay.exchange.conversion import Conversion, InCurrency, Worth
from outlay.explain.converted import converted
from outlay.explain.rows import bounds, of_ledger
from outlay.store import Row, Store
from outlay.terms.money import EXACT, rounded
from outlay.terms.period import Period

_RATIO = Decimal("0.0001")
_WHO = ("name", "segment", "plan")
UNKNOWN = "no revenue is known for this customer and period"


def margins(store: Store, period: Period, wanted: InCurrency, where: Mapping[str, str]) -> dict[str, object]:
    """Return one row per customer of the ledger: cost, revenue and margin in one currency.

    Each day's cost is converted at that day's rate; a month's revenue at the rate of the month's first day, which is
    the day that it is kept by.

    Args:
        store: Holds the published ledger, revenue and rates.
        period: Whole days; revenue counts months that begin in it.
        wanted: The currency of the answer.
        where: Value by dimension.

    Returns:
        `rows`: `customer`, `name`, `segment`, `plan`, `currency`, `amount` (cost), `original` (of it), `revenue`,
        `revenue_original`, `margin`, `margin_ratio`, `reason`. Where a part has no rate there is no margin, and
        `reason` says why; such a cost is a row of its own. `conversion` as in `Conversion.stated`.
    """
    conversion = Conversion(store, period, wanted)
    table = of_ledger(period, ("day", "customer"), where)
    values = {**bounds(period), "rates": conversion.text}
    found = store.rows("explain/worth_ledger", values, table=table, by=["customer"], where=where)
    cost = converted(conversion, [row for row in found if row["customer"] is not None], ["customer"])
    who, paid = _revenue(store, period, conversion)
    unrated = {row["customer"] for row in cost.rows if "reason" in row}
    rows: list[Row] = []
    used, left = set(cost.used), dict(cost.unrated)
    for row in cost.rows:
        worth = None if "reason" in row else paid.get(cast(str, row["customer"]))
        for currency, amount in worth.unrated.items() if worth else ():
            left[currency] = left.get(currency, Decimal(0)) + amount
        used |= set(worth.original) if worth else set()
        rows.append({**row, **who.get(cast(str, row["customer"]), dict.fromkeys(_WHO)), **_margin(row, worth, unrated)})
    return {"period": str(period), "rows": rows, "conversion": conversion.stated(period, left, used)}


def _revenue(store: Store, period: Period, conversion: Conversion) -> tuple[dict[str, Row], dict[str, Worth]]:
    """Return who customers are, and what they paid."""
    who: dict[str, Row] = {}
    amounts: dict[str, list[tuple[date, str, Decimal]]] = {}
    for row in store.rows("explain/customer_revenue", bounds(period)):
        customer = cast(str, row["customer"])
        who[customer] = {name: row[name] for name in _WHO}
        if row["month"] is not None:
            said = (cast(date, row["month"]), cast(str, row["currency"]), cast(Decimal, row["amount"]))
            amounts.setdefault(customer, []).append(said)
    return who, {customer: conversion.worth(stated) for customer, stated in amounts.items()}


def _margin(row: Row, worth: Worth | None, unrated: set[object]) -> Row:
    """Return revenue and margin of one row of costs; no margin, with a reason, where a part of either has no rate."""
    if "reason" in row:
        return {"revenue": None, "revenue_original": {}, "margin": None, "margin_ratio": None}
    if worth is None:
        return {"revenue": None, "revenue_original": {}, "margin": None, "margin_ratio": None, "reason": UNKNOWN}
    told = {**worth.original, **worth.unrated}
    if worth.unrated or row["customer"] in unrated:
        what = f"revenue in {', '.join(sorted(worth.unrated))}" if worth.unrated else "a part of the cost"
        revenue = rounded(worth.exact) if worth.original and not worth.unrated else None
        reason = f"{what} has no rate to {row['currency']}"
        return {"revenue": revenue, "revenue_original": told, "margin": None, "margin_ratio": None, "reason": reason}
    revenue = rounded(worth.exact)
    margin = revenue - cast(Decimal, row["amount"])
    ratio = EXACT.divide(margin, revenue).quantize(_RATIO) if revenue else None
    return {"revenue": revenue, "revenue_original": told, "margin": margin, "margin_ratio": ratio, "reason": None}
