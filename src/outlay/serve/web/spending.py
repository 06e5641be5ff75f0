"""Spending: where the money of the period went, by one dimension, with what is known of each row beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from outlay.explain import cost, unit_cost
from outlay.serve.web.figures import permille, ratio_of
from outlay.serve.web.state import State
from outlay.serve.web.words import DIMENSIONS, value_of
from outlay.store import Row, Store

_ROWS = 15
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Spent:
    """One row: what it cost, its part of all, and what else is known.

    Args:
        name: As shown.
        url: The view of it alone; None when it stands for several.
        origin: Where its amount comes from; None when it stands for several.
        further: What else it is called; empty for nothing.
        amount: What it cost.
        part: Of the whole, 0 to 1; None of nothing.
        length: Of its bar, 0 to 1000.
        calls: Calls; None where usage does not know the dimension.
        per_call: What one call cost; None where most of the amount has no call, as for what names nothing.
        is_customer: Whether it can have revenue at all.
        revenue: Of a customer; None where it is not known.
        margin: Revenue minus cost; None where revenue is not known.
        margin_ratio: Of the revenue.
    """

    name: str
    url: str | None
    origin: str | None
    further: str
    amount: Decimal
    part: Decimal | None
    length: int
    calls: int | None = None
    per_call: Decimal | None = None
    is_customer: bool = False
    revenue: Decimal | None = None
    margin: Decimal | None = None
    margin_ratio: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Spending:
    """Where the money went.

    Args:
        rows: Dearest first.
        total: Their sum.
        more: How many rows the last one stands for.
        has_calls: Whether calls are known.
        has_revenue: Whether any customer's revenue is known.
        conversion: How amounts were converted; None where they were not.
    """

    rows: Sequence[Spent]
    total: Decimal
    more: int
    has_calls: bool
    has_revenue: bool
    conversion: Mapping[str, Any] | None


def spending(store: Store, state: State) -> Spending:
    """Return where the money of the state's period went."""
    answer = cost.costs(store, state.period, [state.by], where=state.filters, currency=state.wanted)
    found = [row for row in cast("list[Row]", answer["rows"]) if "reason" not in row]
    total = sum((cast(Decimal, row["amount"]) for row in found), _ZERO)
    largest = max((abs(cast(Decimal, row["amount"])) for row in found), default=_ZERO)
    paid = _revenue(store, state)
    shown = found if state.whole or len(found) <= _ROWS + 1 else found[:_ROWS]
    rest = found[len(shown) :]
    rows = []
    for row in shown:
        amount, calls = cast(Decimal, row["amount"]), cast("int | None", row.get("calls"))
        known = paid.get(row[state.by], {})
        rows.append(
            Spent(
                name=value_of(state.by, row[state.by]),
                url=state.narrowed(row[state.by]),
                origin=state.origin(row[state.by]),
                further=" · ".join(dict.fromkeys(str(known[n]) for n in ("name", "segment", "plan") if known.get(n))),
                amount=amount,
                part=ratio_of(amount, total),
                length=permille(amount, largest),
                calls=calls,
                per_call=unit_cost.per(amount, calls) if calls and row[state.by] is not None else None,
                is_customer=bool(known),
                revenue=cast("Decimal | None", known.get("revenue")),
                margin=cast("Decimal | None", known.get("margin")),
                margin_ratio=cast("Decimal | None", known.get("margin_ratio")),
            )
        )
    if rest:
        amount = sum((cast(Decimal, row["amount"]) for row in rest), _ZERO)
        calls = sum(cast(int, row.get("calls") or 0) for row in rest) or None
        name = f"{len(rest)} more {DIMENSIONS[state.by].many}"
        rows.append(Spent(name, None, None, "", amount, ratio_of(amount, total), 0, calls))
    has_calls = any(row.calls for row in rows)
    has_revenue = any(row.revenue is not None for row in rows)
    said = cast("Mapping[str, Any] | None", answer["conversion"])
    return Spending(rows, total, len(rest), has_calls, has_revenue, said)


def _revenue(store: Store, state: State) -> dict[object, Row]:
    """Return what is known of customers' revenue, by customer; nothing for other dimensions and parts of customers."""
    if state.by != "customer" or state.where:
        return {}
    found = unit_cost.customers(store, state.period, where=state.filters, currency=state.wanted)
    return {row["customer"]: row for row in cast("list[Row]", found["rows"]) if row["currency"] == state.currency}
