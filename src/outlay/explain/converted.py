"""Converted: money of several currencies as money of one, at each day's rate, with the original amounts beside it.

Comes in: exact sums that queries worked out by day. Goes out: rows in the reporting currency, and rows of what has no
rate, which stay as they are. Nothing is ever converted at a rate that nobody stated.

Amounts have 12 decimal places and rates 18, so sums of their products are exact. The total is rounded once, half to
even, to 12 places; its rows are rounded down, and what is then missing goes to the rows that lost most, so rows always
add up to the total, and the total is the same however it is cut.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import cast

from outlay.exchange.conversion import Conversion
from outlay.explain.rows import bounds, of_ledger, usage
from outlay.store import Row, Store
from outlay.terms.money import EXACT, PICO, rounded
from outlay.terms.period import Period

_WHOLE, _REST = Decimal(1).scaleb(-18), Decimal(1).scaleb(-30)
_ZERO = Decimal(0)
#: Money of usage, and what the roll-ups call it.
_MEASURES = {"amount": "estimated_cost", "failed_cost": "failed_cost", "unpriced_bound": "unpriced_bound"}
_COUNTS = ("calls", "attempts", "failures", "tokens", "units", "unpriced_quantity")
_DECIMAL = ("units", "unpriced_quantity")


@dataclass(frozen=True, slots=True)
class Converted:
    """Rows in one currency.

    Args:
        rows: The dimensions, `amount`, `currency`, and `original`: the amounts it is made of, by currency. Dearest
            first; rows of what has no rate come last, in their own currency, with a `reason`.
        totals: By currency: that of the answer, and those that were not converted.
        unrated: The latter alone.
        used: The currencies that the converted rows are made of.
    """

    rows: list[Row]
    totals: dict[str, Decimal]
    unrated: dict[str, Decimal]
    used: set[str]


def converted(conversion: Conversion, found: Iterable[Row], by: Sequence[str]) -> Converted:
    """Put together what queries found by currency.

    Args:
        conversion: The rates that the query was given.
        found: Rows of a query `explain/worth_*`.
        by: The dimensions of the rows.
    """
    exact: dict[tuple[object, ...], Decimal] = {}
    original: dict[tuple[object, ...], dict[str, Decimal]] = {}
    unrated: list[Row] = []
    for row in found:
        key = tuple(row[name] for name in by)
        currency, amount = cast(str, row["currency"]), cast(Decimal, row["amount"])
        if row["rated"]:
            exact[key] = EXACT.add(exact.get(key, _ZERO), exactly(row))
            held = original.setdefault(key, {})
            held[currency] = held.get(currency, _ZERO) + amount
        else:
            kept = dict(zip(by, key, strict=True))
            reason = conversion.reason(currency)
            unrated.append(
                {**kept, "currency": currency, "amount": amount, "original": {currency: amount}, "reason": reason}
            )
    amounts = dict(zip(exact, apportioned(list(exact.values())), strict=True))
    rows: list[Row] = [
        {
            **dict(zip(by, key, strict=True)),
            "currency": conversion.wanted.currency,
            "amount": amount,
            "original": dict(sorted(original[key].items())),
        }
        for key, amount in amounts.items()
    ]
    for listed in (rows, unrated):
        listed.sort(
            key=lambda row: (-cast(Decimal, row["amount"]), *(str(row[n] or "") for n in by), str(row["currency"]))
        )
    totals = {conversion.wanted.currency: sum(amounts.values(), _ZERO)} if amounts else {}
    left: dict[str, Decimal] = {}
    for row in unrated:
        currency = cast(str, row["currency"])
        left[currency] = left.get(currency, _ZERO) + cast(Decimal, row["amount"])
    used = {currency for held in original.values() for currency in held}
    return Converted([*rows, *unrated], {**totals, **left}, left, used)


def ledger_worth(
    store: Store, conversion: Conversion, period: Period, by: Sequence[str], where: Mapping[str, str]
) -> Converted:
    """Return what the ledger says a period cost, in one currency, each day at its own rate."""
    values = {**bounds(period), "rates": conversion.text}
    table = of_ledger(period, ("day", *by), where)
    found = store.rows("explain/worth_ledger", values, table=table, by=by, where=where)
    return converted(conversion, found, by)


def usage_worth(
    store: Store, conversion: Conversion, period: Period, by: Sequence[str], where: Mapping[str, str]
) -> Converted:
    """Return what `rows.usage` does, in one currency, each day at its own rate.

    Counts stand beside the money they are of; where only a part of a row's currency has a rate, they stand with that.
    """
    made: dict[str, Converted] = {}
    for name, measure in _MEASURES.items():
        values = {**bounds(period), "rates": conversion.text, "measure": measure}
        found = store.rows("explain/worth_usage", values, table="rollup_day", by=by, where=where)
        made[name] = converted(conversion, found, by)

    def key(row: Row) -> tuple[object, ...]:
        return (*(row[name] for name in by), row["currency"])

    beside = {name: {key(row): row["amount"] for row in one.rows} for name, one in made.items() if name != "amount"}
    counted = {key(row): row for row in usage(store, period, by, where)}
    for row in made["amount"].rows:
        own = key(row)
        of_row = [counted.pop((*own[:-1], name), None) for name in cast("dict[str, Decimal]", row["original"])]
        for name in _COUNTS:
            row[name] = sum((cast(int, one[name]) for one in of_row if one), _ZERO if name in _DECIMAL else 0)
        row.update({name: amounts.get(own, _ZERO) for name, amounts in beside.items()})
    return made["amount"]


def exactly(row: Row) -> Decimal:
    """Return what a row of a query `explain/worth_*` is worth, before anything is rounded."""
    whole = EXACT.multiply(Decimal(cast(str, row["whole"])), _WHOLE)
    return EXACT.add(whole, EXACT.multiply(Decimal(cast(str, row["rest"])), _REST))


def apportioned(exact: Sequence[Decimal]) -> list[Decimal]:
    """Round amounts to 12 places so that they add up to their rounded sum.

    >>> apportioned([Decimal("0.0000000000004"), Decimal("0.0000000000004"), Decimal("0.0000000000004")])
    [Decimal('1E-12'), Decimal('0E-12'), Decimal('0E-12')]
    """
    total = _ZERO
    for amount in exact:
        total = EXACT.add(total, amount)
    floors = [amount.quantize(PICO, rounding=ROUND_FLOOR, context=EXACT) for amount in exact]
    missing = int((rounded(total) - sum(floors, _ZERO)).scaleb(12, context=EXACT))
    lost = sorted(range(len(exact)), key=lambda i: (-EXACT.subtract(exact[i], floors[i]), i))
    for i in lost[:missing]:
        floors[i] += PICO
    return floors
