"""What was spent, day by day, in the scope of a budget.

Where a bill reaches a day, the ledger says what it cost. Days that no bill of a provider reaches yet cost what its
usage is estimated to; what a cloud will charge for them besides is not known yet, and not guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import cast

from outlay.explain.rows import ledger, usage
from outlay.store import Row, Store
from outlay.terms.period import Period
from outlay.watch.budgets.budget import Budget
from outlay.watch.ledger import STOPPED, settled_end

_ZERO = Decimal(0)


@dataclass(slots=True)
class Spent:
    """What one budget's scope cost.

    Args:
        days: Amount by day, for each value of the dimension that the budget is for each of; the key is None for a
            budget of all, and for what names no value.
        estimated: The part of it that no bill reaches yet, by value.
        elsewhere: What is in other currencies and is not counted, by currency.
        known_until: The first day of which not everything is known: of providers without usage, bills are awaited, and
            their newest days still change.
    """

    known_until: date
    days: dict[str | None, dict[date, Decimal]] = field(default_factory=dict)
    estimated: dict[str | None, Decimal] = field(default_factory=dict)
    elsewhere: dict[str, Decimal] = field(default_factory=dict)

    def between(self, value: str | None, first: date, end: date) -> Decimal:
        """Return what a value cost from a day on, before another."""
        return sum((amount for day, amount in self.days.get(value, {}).items() if first <= day < end), _ZERO)


@dataclass(frozen=True, slots=True)
class Billed:
    """Up to which day each provider's bill reaches, by month and provider in small letters."""

    last_days: Mapping[tuple[date, str], date]

    @classmethod
    def of(cls, store: Store, period: Period) -> "Billed":
        """Return it for every month that a period touches."""
        rows = store.rows("explain/billed_states", {"first": period.first, "end": period.end})
        return cls(
            {
                (cast(date, row["month"]), str(row["provider"]).lower()): cast(date, row["last_day"])
                for row in rows
                if row["last_day"]
            }
        )

    def reaches(self, provider: object, day: date) -> bool:
        """Say whether a bill reaches a day of a provider."""
        last = self.last_days.get((day.replace(day=1), str(provider).lower()))
        return last is not None and day <= last

    def end(self, provider: str) -> date | None:
        """Return the first day that a bill of a provider is still to change; None where there is no bill."""
        ends = [settled_end(month, last) for (month, name), last in self.last_days.items() if name == provider]
        return max(ends, default=None)


def spent(store: Store, budget: Budget, period: Period, billed: Billed, since: date) -> Spent:
    """Return what a budget's scope cost.

    Args:
        store: Holds the published ledger.
        budget: The budget.
        period: Whole days.
        billed: Up to which day there are bills.
        since: The day from which on `estimated` and `elsewhere` count.
    """
    found = Spent(period.end)
    by: Sequence[str] = (budget.each,) if budget.each else ()
    told, estimated = dict[str, date](), set[str]()
    for row in ledger(store, period, ("day", "provider", *by), budget.scope):
        provider, day = str(row["provider"]).lower(), cast(date, row["day"])
        told[provider] = max(day, told.get(provider, day))
        _add(found, budget, row, since, is_estimate=False)
    for row in usage(store, period, ("day", "provider", *by), budget.scope):
        if not billed.reaches(row["provider"], cast(date, row["day"])):
            estimated.add(str(row["provider"]).lower())
            _add(found, budget, row, since, is_estimate=True)
    awaited = [name for name, day in told.items() if name not in estimated and day > period.end - STOPPED]
    found.known_until = min([period.end, *(billed.end(name) or period.end for name in awaited)])
    return found


def _add(found: Spent, budget: Budget, row: Row, since: date, *, is_estimate: bool) -> None:
    day, amount, currency = cast(date, row["day"]), cast(Decimal, row["amount"]), str(row["currency"])
    counts = day >= since
    if currency != budget.currency:
        if counts and amount:
            found.elsewhere[currency] = found.elsewhere.get(currency, _ZERO) + amount
        return
    value = cast("str | None", row[budget.each]) if budget.each else None
    days = found.days.setdefault(value, {})
    days[day] = days.get(day, _ZERO) + amount
    if is_estimate and counts:
        found.estimated[value] = found.estimated.get(value, _ZERO) + amount
