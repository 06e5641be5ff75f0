"""Unit cost: what each feature, model, user or customer costs, and per call."""

from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from outlay.exchange.conversion import Conversion, InCurrency
from outlay.explain.converted import Converted, ledger_worth, usage_worth
from outlay.explain.margins import UNKNOWN, margins
from outlay.explain.rows import bounds, distinct, ledger, of_ledger, of_usage, usage
from outlay.store import Row, Store
from outlay.terms.money import EXACT, rounded
from outlay.terms.period import Period

_ZERO = Decimal(0)
_RATIO = Decimal("0.0001")


def features(
    store: Store, period: Period, *, where: Mapping[str, str] | None = None, currency: InCurrency | None = None
) -> dict[str, object]:
    """Return one row per feature: its ledger cost, calls, cost per call, customers and users.

    Distinct counts are asked of the engine for each row; they are never summed. With a `currency` all money is in that
    one, rows have `original`, and what has no rate is a row of its own with a `reason`; `conversion` as in
    `Conversion.stated`.
    """
    costs, uses, said = ledger(store, period, ["feature"], where), usage(store, period, ["feature"], where), None
    if currency:
        conversion = Conversion(store, period, currency)
        made = ledger_worth(store, conversion, period, ["feature"], where or {})
        failed = usage_worth(store, conversion, period, ["feature"], where or {})
        costs, uses, said = made.rows, failed.rows, _stated(conversion, period, made, failed)
    cost, used = _by(costs, "feature"), _by(uses, "feature")
    who = _by(distinct(store, period, ["feature"], where), "feature")
    rows: list[Row] = []
    for (feature, own_currency), row in cost.items():
        own = used.get((feature, own_currency), {})
        people = who.get((feature, None), {})
        calls = cast(int, own.get("calls", 0))
        rows.append(
            {
                "feature": feature,
                "currency": own_currency,
                "amount": row["amount"],
                "calls": calls,
                "cost_per_call": per(cast(Decimal, row["amount"]), calls),
                "failed_cost": own.get("failed_cost", _ZERO),
                "customers": people.get("customers", 0),
                "users": people.get("users", 0),
                **{name: row[name] for name in ("original", "reason") if name in row},
            }
        )
    return {"period": str(period), "rows": rows, "conversion": said}


def _stated(conversion: Conversion, period: Period, *made: Converted) -> dict[str, object]:
    """Return how answers were converted; the first says what was not."""
    return conversion.stated(period, made[0].unrated, {name for one in made for name in one.used})


def models(
    store: Store, period: Period, *, where: Mapping[str, str] | None = None, currency: InCurrency | None = None
) -> dict[str, object]:
    """Return one row per provider and model: estimated cost, calls, tokens, and cost per million tokens.

    With a `currency` all money is in that one, as in `features`.
    """
    found, said = usage(store, period, ["provider", "model"], where), None
    if currency:
        conversion = Conversion(store, period, currency)
        made = usage_worth(store, conversion, period, ["provider", "model"], where or {})
        found, said = made.rows, _stated(conversion, period, made)
    return {
        "period": str(period),
        "rows": [
            {
                **row,
                "cost_per_million_tokens": per(cast(Decimal, row["amount"]) * 1_000_000, cast(int, row["tokens"])),
            }
            for row in found
        ],
        "conversion": said,
    }


def users(
    store: Store,
    period: Period,
    *,
    where: Mapping[str, str] | None = None,
    most: int = 50,
    currency: InCurrency | None = None,
) -> dict[str, object]:
    """Return the users whose usage costs most, dearest first, with their part of it all.

    With a `currency` all money is in that one, as in `features`.
    """
    where = where or {}
    if currency:
        return _users_worth(store, period, where, most, currency)
    table = of_usage(period, ("user", "customer"), where)
    rows = store.rows("explain/users", {**bounds(period), "most": most}, table=table, where=where)
    users = max((cast(int, row.pop("users")) for row in rows), default=0)
    for row in rows:
        row["cost_ratio"] = _part(cast(Decimal, row["amount"]), cast(Decimal, row.pop("total")))
    return {"period": str(period), "users": users, "rows": rows, "conversion": None}


def _users_worth(
    store: Store, period: Period, where: Mapping[str, str], most: int, currency: InCurrency
) -> dict[str, object]:
    conversion = Conversion(store, period, currency)
    made = usage_worth(store, conversion, period, ["user", "customer"], where)
    named = [row for row in made.rows if row["user"] is not None]
    for row in named[:most]:
        row["cost_ratio"] = _part(cast(Decimal, row["amount"]), made.totals[cast(str, row["currency"])])
    said = _stated(conversion, period, made)
    return {
        "period": str(period),
        "users": len({row["user"] for row in named}),
        "rows": named[:most],
        "conversion": said,
    }


def customers(
    store: Store,
    period: Period,
    *,
    where: Mapping[str, str] | None = None,
    currency: InCurrency | None = None,
) -> dict[str, object]:
    """Return one row per customer: ledger cost, revenue and margin.

    Revenue counts whole months that begin in the period. `margin` and `margin_ratio` are None, with a `reason`, where
    revenue is not known; they are never taken for zero. With a `currency` all of it is in that one (see `margins`);
    without, revenue in another currency than the cost makes no margin.
    """
    rows, where = [], where or {}
    if currency:
        return margins(store, period, currency, where)
    elsewhere: dict[object, set[str]] = {}
    for row in store.rows("explain/customer_revenue", bounds(period)):
        if row["month"] is not None:
            elsewhere.setdefault(row["customer"], set()).add(cast(str, row["currency"]))
    table = of_ledger(period, ("customer",), where)
    for row in store.rows("explain/customers", bounds(period), table=table, where=where):
        cost, revenue = cast(Decimal, row["amount"]), cast("Decimal | None", row["revenue"])
        margin = None if revenue is None else revenue - cost
        rows.append(
            {
                **row,
                "margin": margin,
                "margin_ratio": None if margin is None or not revenue else _part(margin, revenue),
                "reason": _reason(elsewhere.get(row["customer"], set())) if revenue is None else None,
            }
        )
    return {"period": str(period), "rows": rows, "conversion": None}


def _reason(currencies: set[str]) -> str:
    """Return why there is no revenue in a cost's own currency."""
    return f"revenue is in {', '.join(sorted(currencies))}; ask in one currency" if currencies else UNKNOWN


def per(amount: Decimal, count: int) -> Decimal | None:
    """Return an amount per one of something, at 12 places; None of nothing."""
    return rounded(EXACT.divide(amount, Decimal(count))) if count else None


def _part(amount: Decimal, whole: Decimal) -> Decimal | None:
    return EXACT.divide(amount, whole).quantize(_RATIO) if whole else None


def _by(rows: list[Row], name: str) -> dict[tuple[object, object], Row]:
    return {(row[name], row.get("currency")): row for row in rows}
